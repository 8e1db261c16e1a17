// Conversations that live side by side: each takes its turns, and when it is over another begins in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tools/lab/families/draw.h"
#include "tools/lab/families/script.h"

namespace wp::lab {

struct Conversation {
  std::vector<Piece> history;  // what it begins with: system prompt, tools
  std::uint32_t turns = 1;
  Lengths ask;
  Lengths reply;
  double gap = 1;  // mean time between its turns
  bool sends_session = false;
  // What does not fit is dropped: behind the beginning and the first turn, until this share of `context` is left.
  std::uint32_t context = UINT32_MAX;
  double keep = 1;
};

// Adds `requests` lines to the script, of conversations that `begin` makes, `live` at a time.
void converse(Rng& rng, Script& script, std::uint32_t live, std::uint32_t requests,
              const std::function<Conversation()>& begin);

}  // namespace wp::lab
