#include "tools/replica/kv_events.h"

#include <array>
#include <cstddef>
#include <string_view>

#define MSGPACK_NO_BOOST
#include <msgpack/pack.hpp>

#include "dataplane/base/rng.h"

namespace wp::replica {
namespace {

constexpr std::string_view kMedium = "GPU";
constexpr std::string_view kSpec = "full_attention";
constexpr std::uint32_t kGroup = 0;
constexpr std::size_t kDigestWords = 4;
constexpr std::size_t kDigestBytes = kDigestWords * sizeof(BlockHash);

// The block's number behind 24 bytes that follow from it and look like any digest's.
std::array<char, kDigestBytes> digest_of(BlockHash hash) {
  std::array<char, kDigestBytes> digest{};
  for (std::size_t i = 0; i < kDigestBytes; ++i) {
    const std::size_t word = i / sizeof(BlockHash);
    const BlockHash number = word + 1 == kDigestWords ? hash : mix64(hash + word + 1);
    digest[i] = static_cast<char>(number >> (56 - 8 * (i % sizeof(BlockHash))));
  }
  return digest;
}

struct Bytes {
  std::string text;
  void write(const char* data, std::size_t size) { text.append(data, size); }
};

class Encoder {
 public:
  Encoder(EventEncoding encoding, std::uint32_t block_tokens) : encoding_(encoding), block_tokens_(block_tokens) {}

  std::string batch(double unix_seconds, std::span<const BlockEvent> events) {
    out_.pack_array(3);
    out_.pack_double(unix_seconds);
    out_.pack_array(static_cast<std::uint32_t>(events.size()));
    for (const BlockEvent& event : events) add(event);
    out_.pack_uint32(0);
    return std::move(bytes_.text);
  }

 private:
  void add(const BlockEvent& event) {
    switch (event.kind) {
      case BlockEvent::Kind::stored: return stored(event);
      case BlockEvent::Kind::removed: return removed(event);
      case BlockEvent::Kind::cleared: return begin("AllBlocksCleared", 0);
    }
  }

  void stored(const BlockEvent& event) {
    begin("BlockStored", 11);
    field("block_hashes");
    hashes(event);
    field("parent_block_hash");
    event.begins ? void(out_.pack_nil()) : hash(event.parent);
    field("token_ids");
    out_.pack_array(static_cast<std::uint32_t>(event.tokens.size()));
    for (const Token token : event.tokens) out_.pack_uint32(token);
    field("block_size");
    out_.pack_uint32(block_tokens_);
    field("lora_id");
    out_.pack_nil();
    field("medium");
    text(kMedium);
    field("lora_name");
    event.adapter.empty() ? void(out_.pack_nil()) : text(event.adapter);
    field("extra_keys");
    extra_keys(event);
    field("group_idx");
    out_.pack_uint32(kGroup);
    field("kv_cache_spec_kind");
    text(kSpec);
    field("kv_cache_spec_sliding_window");
    out_.pack_nil();
  }

  void removed(const BlockEvent& event) {
    begin("BlockRemoved", 3);
    field("block_hashes");
    hashes(event);
    field("medium");
    text(kMedium);
    field("group_idx");
    out_.pack_uint32(kGroup);
  }

  // For each block nil, or what its hash depends on besides tokens: the adapter, and in the first of a prompt the salt.
  void extra_keys(const BlockEvent& event) {
    out_.pack_array(static_cast<std::uint32_t>(event.hashes.size()));
    for (std::size_t i = 0; i < event.hashes.size(); ++i) {
      const bool salted = i == 0 && event.begins && !event.salt.empty();
      const std::uint32_t keys = (event.adapter.empty() ? 0U : 1U) + (salted ? 1U : 0U);
      if (keys == 0) {
        out_.pack_nil();
        continue;
      }
      out_.pack_array(keys);
      if (!event.adapter.empty()) text(event.adapter);
      if (salted) text(event.salt);
    }
  }

  // The event's name and how many fields follow: the array's first element, or one more member of the map.
  void begin(std::string_view name, std::uint32_t fields) {
    if (encoding_.format == EventFormat::array) {
      out_.pack_array(1 + fields);
    } else {
      out_.pack_map(1 + fields);
      text("type");
    }
    text(name);
  }

  void field(std::string_view name) {
    if (encoding_.format == EventFormat::map) text(name);
  }

  void hashes(const BlockEvent& event) {
    out_.pack_array(static_cast<std::uint32_t>(event.hashes.size()));
    for (const BlockHash one : event.hashes) hash(one);
  }

  void hash(BlockHash hash) {
    if (encoding_.hashes == HashFormat::integer) {
      out_.pack_uint64(hash);
      return;
    }
    const auto digest = digest_of(hash);
    out_.pack_bin(digest.size());
    out_.pack_bin_body(digest.data(), digest.size());
  }

  void text(std::string_view text) {
    out_.pack_str(static_cast<std::uint32_t>(text.size()));
    out_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }

  Bytes bytes_;
  msgpack::packer<Bytes> out_{bytes_};
  EventEncoding encoding_;
  std::uint32_t block_tokens_;
};

}  // namespace

std::string encode_batch(EventEncoding encoding, double unix_seconds, std::span<const BlockEvent> events,
                         std::uint32_t block_tokens) {
  return Encoder(encoding, block_tokens).batch(unix_seconds, events);
}

}  // namespace wp::replica
