// vLLM's KV cache events as bytes: a batch is one msgpack value. vLLM wrote each event as an array until 0.25 and
// writes a map since; the batch itself is an array in both.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tools/replica/block_event.h"

namespace wp::replica {

enum class EventFormat : std::uint8_t { map, array };

// Blocks are named by integers, as vLLM has it by default, or by digests of 32 bytes. Both name the same blocks: the
// integer is the last eight bytes of the digest, big endian.
enum class HashFormat : std::uint8_t { integer, binary };

struct EventEncoding {
  EventFormat format = EventFormat::map;
  HashFormat hashes = HashFormat::integer;
};

// [timestamp, [event, ...], data parallel rank 0]. `unix_seconds`: when they happened; `block_tokens`: tokens of a
// block.
[[nodiscard]] std::string encode_batch(EventEncoding encoding, double unix_seconds, std::span<const BlockEvent> events,
                                       std::uint32_t block_tokens);

}  // namespace wp::replica
