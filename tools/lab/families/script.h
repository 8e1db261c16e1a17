// Requests that were made up: who sends which texts when, by number instead of by letter.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/rng.h"

namespace wp::lab {

enum class Role : std::uint8_t { system, user, assistant };

// A text of a prompt. Equal numbers are equal texts, as far as both go.
struct Piece {
  std::uint64_t text = 0;
  std::uint32_t tokens = 0;
  Role role = Role::user;
  bool goes_on = false;  // in the message before
};

struct ScriptLine {
  double at = 0;              // in units of the script's own: --utilisation says how fast it is played
  std::uint64_t session = 0;  // of the conversation, distinct where nothing goes on
  bool sends_session = false;
  std::vector<Piece> pieces;
  std::uint32_t output_tokens = 1;
};

// A workload, and the fleet that it is meant for.
struct Script {
  std::vector<ScriptLine> lines;
  std::uint32_t block_tokens = 64;  // of a cache block
  std::uint32_t replicas = 8;
  double prefill_rate = 10'000;  // tokens a second
  // What all caches together hold, over all that is ever asked.
  double small_share = 0.05;
  double large_share = 0.5;

  // A text or session that nobody else has.
  [[nodiscard]] std::uint64_t fresh() { return mix64(++made_); }

 private:
  std::uint64_t made_ = 0;
};

[[nodiscard]] inline std::uint32_t tokens_of(const std::vector<Piece>& pieces) {
  std::uint32_t tokens = 0;
  for (const Piece& piece : pieces) tokens += piece.tokens;
  return tokens;
}

}  // namespace wp::lab
