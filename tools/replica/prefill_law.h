// How long an engine reads a prompt: the law that a model of it is fitted by. A token that is read looks at all before
// it, so that the time grows with the square of a prompt.
//
// Attention goes by tiles: so many tokens look at so many of the context together, and a tile costs the same however
// few of its tokens are there. Fewer than one tile, read at once, look for themselves and take far longer: llama.cpp on
// CPUs does so below 64 tokens (GGML_FA_TILE_Q), also with what a prompt leaves for its last micro-batch.
#pragma once

#include <cstdint>

#include "dataplane/base/time.h"

namespace wp::replica {

struct PrefillLaw {
  double prefill_rate = 8000;        // uncached prompt tokens a second, where they stand first
  double double_at = 0;              // tokens of context behind which one takes twice as long; 0: attention is free
  std::uint32_t micro_batch = 0;     // tokens that are read at once; 0: the whole prompt
  std::uint32_t attention_tile = 0;  // tokens on both sides of a tile; 0: each is alone, at the same price
  double narrow_double_at = 0;       // double_at of what is less than a tile; 0: there attention is free

  // Of the tokens behind the first `cached` of a prompt of so many.
  [[nodiscard]] Duration prefill_time(std::uint32_t cached, std::uint32_t prompt) const;
  // How many of them are read in that time, at most all.
  [[nodiscard]] std::uint32_t prefilled_in(Duration time, std::uint32_t cached, std::uint32_t prompt) const;

 private:
  // Times are in units of the first token's.
  [[nodiscard]] double work(std::uint32_t from, std::uint32_t to, bool narrow) const;
  [[nodiscard]] double tiled(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] std::uint32_t piece_end(std::uint32_t from, std::uint32_t prompt) const;
  [[nodiscard]] bool is_narrow(std::uint32_t from, std::uint32_t to) const { return to - from < attention_tile; }
};

}  // namespace wp::replica
