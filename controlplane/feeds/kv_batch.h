// A batch of KV cache events as vLLM and SGLang publish it, in any of the forms that they had: events as arrays or as
// maps, blocks named by integers or by bytes. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wp::feeds {

// What an engine calls a block: its integer, or a hash of its bytes. Means nothing outside that engine's process.
using BlockName = std::uint64_t;

struct BlockEvent {
  enum class Kind : std::uint8_t {
    stored,   // these blocks, one behind the other, can be found from now on
    removed,  // these cannot be found any more
    cleared,  // none can
    other,    // one that nobody here knows
  };
  Kind kind = Kind::other;
  // Not in the GPU's memory of this engine.
  bool elsewhere = false;
  std::optional<std::uint64_t> group = {};  // of layers
  // Of layers that keep less than the whole prompt, such as a sliding window: no prefix follows from it.
  bool partial = false;
  std::vector<BlockName> blocks = {};
  // Of stored ones only.
  std::optional<BlockName> parent = {};  // of the first; none: it begins a prompt
  std::vector<std::uint64_t> tokens = {};
  std::uint64_t block_tokens = 0;
  std::uint64_t variant = 0;               // hash of adapter and salt, where they are told of the event
  std::vector<std::uint64_t> extras = {};  // by block: hash of what tells it apart besides its tokens; 0: nothing
};

struct KvBatch {
  double unix_seconds = 0;  // when it happened, by the engine's clock
  std::vector<BlockEvent> events = {};
};

// The error, in a few words: it is no such batch.
[[nodiscard]] std::expected<KvBatch, std::string> read_kv_batch(std::string_view payload);

}  // namespace wp::feeds
