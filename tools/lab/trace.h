// lab: replays a trace offline, in simulated time, through the real code that reads prompts and picks replicas, against
// modelled replicas. It has no clock, socket or thread: the same trace, options and seed give the same figures.
//
// A Trace is what was asked, once: every strategy is asked the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/prompt/features.h"
#include "tools/replica/kv_cache.h"

namespace wp::lab {

using replica::BlockHash;

struct TraceRequest {
  Duration at;                      // since the first request
  std::uint32_t number = 0;         // in the file, from 0
  std::uint32_t prompt_tokens = 0;  // at least 1
  std::uint32_t output_tokens = 0;  // at least 1
  std::size_t first_block = 0;      // into Trace::blocks
  std::uint32_t blocks = 0;
  // Whose conversation it is, whether or not the client says so: as sent, else by how the prompt begins. Never 0.
  std::uint64_t conversation = 0;
  std::uint64_t opening = 0;  // XXH64 of the first 100 characters of the first user turn, which some routers go by
  prompt::Features features;  // what a shard would read of it; `model` is empty, its rungs lie in Trace::rungs
};

// Requests refer to its rungs, so it may be moved, not copied.
struct Trace {
  Trace() = default;
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  Trace(Trace&&) = default;
  Trace& operator=(Trace&&) = default;
  ~Trace() = default;

  std::string name;
  std::uint32_t block_tokens = 0;
  std::vector<TraceRequest> requests;  // in order of time
  // Of all prompts, one behind the other. Equal hashes mean equal prefixes up to the block's end.
  std::vector<BlockHash> blocks;
  std::vector<prompt::Rung> rungs;  // of all prompts, ladder and ends of each behind one another
  std::uint64_t prompt_tokens = 0;
  std::uint32_t distinct_blocks = 0;
  // Blocks that an endless cache, shared by everybody, would have had: what no strategy can beat.
  std::uint64_t repeated_blocks = 0;
  // Those that nobody had asked for before, of each conversation, the most first.
  std::vector<std::uint64_t> brought_blocks;

  [[nodiscard]] std::span<const BlockHash> blocks_of(const TraceRequest& request) const {
    return std::span(blocks).subspan(request.first_block, request.blocks);
  }
  [[nodiscard]] double ideal_share() const {
    return blocks.empty() ? 0 : static_cast<double>(repeated_blocks) / static_cast<double>(blocks.size());
  }
};

}  // namespace wp::lab
