#include "controlplane/feeds/kv_batch.h"

#include <algorithm>
#include <array>
#include <span>

#include <xxhash.h>

#include "controlplane/feeds/msgpack_reader.h"

namespace wp::feeds {
namespace {

using Kind = MsgpackValue::Kind;

// The places of an event that is an array, behind its name. What stands behind them is newer than this.
constexpr auto kStoredFields =
    std::to_array<std::string_view>({"block_hashes", "parent_block_hash", "token_ids", "block_size", "lora_id",
                                     "medium", "lora_name", "extra_keys", "group_idx", "kv_cache_spec_kind"});
constexpr auto kRemovedFields = std::to_array<std::string_view>({"block_hashes", "medium", "group_idx"});

constexpr std::size_t kMaxEvents = 65'536;  // of one batch

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = 0) {
  return std::max<std::uint64_t>(1, XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

bool is_whole(const MsgpackValue& value) {
  return value.kind == Kind::natural || value.kind == Kind::integer;
}

std::uint64_t bits_of(const MsgpackValue& value) {
  return value.kind == Kind::natural ? value.natural : static_cast<std::uint64_t>(value.integer);
}

std::optional<BlockName> name_of(const MsgpackValue& value) {
  if (is_whole(value)) return bits_of(value);
  if ((value.kind == Kind::bytes || value.kind == Kind::text) && !value.text.empty()) return hash_of(value.text);
  return {};
}

bool whole_prompt(std::string_view kind) {
  return kind.find("full") != std::string_view::npos || kind.find("mla") != std::string_view::npos;
}

// Reads one batch; every function tells whether it was right.
class Decoder {
 public:
  explicit Decoder(std::string_view payload) : input_(payload), in_(payload) {}

  [[nodiscard]] bool read(KvBatch& batch) {
    const MsgpackValue outer = in_.next();
    const bool fits = outer.kind == Kind::array ? read_outer(outer.size, batch)
                                                : outer.kind == Kind::map && read_named_outer(outer.size, batch);
    return fits && in_.done();
  }

 private:
  [[nodiscard]] bool read_outer(std::uint32_t size, KvBatch& batch) {
    if (size < 2 || !read_time(batch) || !read_events(batch)) return false;
    for (std::uint32_t i = 2; i < size; ++i) {
      if (!in_.skip()) return false;
    }
    return true;
  }

  [[nodiscard]] bool read_named_outer(std::uint32_t pairs, KvBatch& batch) {
    bool found = false;
    for (std::uint32_t i = 0; i < pairs; ++i) {
      const MsgpackValue key = in_.next();
      if (key.kind != Kind::text) return false;
      found = found || key.text == "events";
      const bool fits = key.text == "ts" ? read_time(batch) : key.text == "events" ? read_events(batch) : in_.skip();
      if (!fits) return false;
    }
    return found;
  }

  [[nodiscard]] bool read_time(KvBatch& batch) {
    const MsgpackValue time = in_.next();
    batch.unix_seconds = time.kind == Kind::real ? time.real : static_cast<double>(time.natural);
    return time.kind == Kind::real || time.kind == Kind::natural;
  }

  [[nodiscard]] bool read_events(KvBatch& batch) {
    const MsgpackValue list = in_.next();
    if (list.kind != Kind::array || list.size > std::min<std::size_t>(in_.left(), kMaxEvents)) return false;
    batch.events.resize(list.size);
    return std::ranges::all_of(batch.events, [this](BlockEvent& event) {
      const MsgpackValue head = in_.next();
      if (head.kind == Kind::array) return read_places(head.size, event);
      return head.kind == Kind::map && read_members(head.size, event);
    });
  }

  [[nodiscard]] bool read_places(std::uint32_t size, BlockEvent& event) {
    if (size == 0 || !read_kind(event)) return false;
    std::span<const std::string_view> fields;
    if (event.kind == BlockEvent::Kind::stored) fields = kStoredFields;
    if (event.kind == BlockEvent::Kind::removed) fields = kRemovedFields;
    for (std::uint32_t i = 0; i + 1 < size; ++i) {
      if (!(i < fields.size() ? read_field(fields[i], event) : in_.skip())) return false;
    }
    return complete(event);
  }

  [[nodiscard]] bool read_members(std::uint32_t pairs, BlockEvent& event) {
    for (std::uint32_t i = 0; i < pairs; ++i) {
      const MsgpackValue key = in_.next();
      if (key.kind != Kind::text) return false;
      if (!(key.text == "type" ? read_kind(event) : read_field(key.text, event))) return false;
    }
    return complete(event);
  }

  [[nodiscard]] bool read_kind(BlockEvent& event) {
    const MsgpackValue name = in_.next();
    if (name.text == "BlockStored") event.kind = BlockEvent::Kind::stored;
    if (name.text == "BlockRemoved") event.kind = BlockEvent::Kind::removed;
    if (name.text == "AllBlocksCleared") event.kind = BlockEvent::Kind::cleared;
    return name.kind == Kind::text;
  }

  // What an event of its kind must have.
  [[nodiscard]] static bool complete(const BlockEvent& event) {
    if (event.kind == BlockEvent::Kind::removed) return !event.blocks.empty();
    if (event.kind != BlockEvent::Kind::stored) return true;
    const std::uint64_t blocks = event.blocks.size();
    return blocks > 0 && event.block_tokens > 0 && event.tokens.size() % blocks == 0 &&
           event.tokens.size() / blocks == event.block_tokens &&
           (event.extras.empty() || event.extras.size() == blocks);
  }

  [[nodiscard]] bool read_field(std::string_view name, BlockEvent& event) {
    if (name == "block_hashes") return read_names(event.blocks);
    if (name == "token_ids") return read_tokens(event.tokens);
    if (name == "extra_keys") return read_extras(event.extras);
    const std::size_t before = in_.left();
    const MsgpackValue value = in_.next();
    if (name == "lora_name" && value.kind == Kind::map) return read_metadata(value.size, event);
    if (!in_.skip_inside(value)) return false;
    if (value.kind == Kind::nil) return true;
    if (name == "parent_block_hash") return (event.parent = name_of(value)).has_value();
    if (name == "block_size") return value.kind == Kind::natural && (event.block_tokens = value.natural) > 0;
    if (name == "lora_id" || name == "lora_name" || name == "cache_salt") add_variant(name, since(before), event);
    if (name == "medium") event.elsewhere = event.elsewhere || value.text != "GPU";
    if (name == "locality") event.elsewhere = event.elsewhere || value.text == "REMOTE";
    if (name == "group_idx" && value.kind == Kind::natural) event.group = value.natural;
    if (name == "kv_cache_spec_kind") event.partial = !whole_prompt(value.text);
    return true;
  }

  // SGLang's, where vLLM has the adapter's name.
  [[nodiscard]] bool read_metadata(std::uint32_t pairs, BlockEvent& event) {
    for (std::uint32_t i = 0; i < pairs; ++i) {
      const MsgpackValue key = in_.next();
      const std::size_t before = in_.left();
      const MsgpackValue value = in_.next();
      if (key.kind != Kind::text || !in_.skip_inside(value)) return false;
      if (key.text == "cache_salt" && value.kind != Kind::nil) add_variant(key.text, since(before), event);
    }
    return true;
  }

  // The bytes that were read since so many were left.
  [[nodiscard]] std::string_view since(std::size_t left) const {
    return input_.substr(input_.size() - left, left - in_.left());
  }

  static void add_variant(std::string_view name, std::string_view bytes, BlockEvent& event) {
    event.variant ^= hash_of(bytes, hash_of(name));  // in whichever order they come
  }

  // An array of as many as `read` then reads, each into its place.
  template <class T, class Read>
  [[nodiscard]] bool read_list(const MsgpackValue& list, std::vector<T>& into, Read&& read) {
    if (list.kind != Kind::array || list.size > in_.left()) return false;
    into.resize(list.size);
    return std::ranges::all_of(into, read);
  }

  [[nodiscard]] bool read_names(std::vector<BlockName>& names) {
    return read_list(in_.next(), names, [this](BlockName& name) {
      const auto found = name_of(in_.next());
      name = found.value_or(0);
      return found.has_value();
    });
  }

  // The next value, which the hash of its bytes stands for where it is not `itself`.
  template <class Itself>
  [[nodiscard]] bool read_word(std::uint64_t& word, Itself&& itself) {
    const std::size_t before = in_.left();
    const MsgpackValue value = in_.next();
    if (!in_.skip_inside(value)) return false;
    const std::optional<std::uint64_t> own = itself(value);
    word = own ? *own : hash_of(since(before));
    return value.kind != Kind::none;
  }

  // A token that is no number, such as the pairs of speculative decoding, is known by its bytes.
  [[nodiscard]] bool read_tokens(std::vector<std::uint64_t>& tokens) {
    return read_list(in_.next(), tokens, [this](std::uint64_t& token) {
      return read_word(token, [](const MsgpackValue& value) {
        return is_whole(value) ? std::optional(bits_of(value)) : std::nullopt;
      });
    });
  }

  [[nodiscard]] bool read_extras(std::vector<std::uint64_t>& extras) {
    const MsgpackValue list = in_.next();
    if (list.kind == Kind::nil) return true;
    return read_list(list, extras, [this](std::uint64_t& extra) {
      return read_word(extra, [](const MsgpackValue& value) {
        return value.kind == Kind::nil ? std::optional<std::uint64_t>(0) : std::nullopt;
      });
    });
  }

  std::string_view input_;
  MsgpackReader in_;
};

}  // namespace

std::expected<KvBatch, std::string> read_kv_batch(std::string_view payload) {
  KvBatch batch;
  if (!Decoder(payload).read(batch)) return std::unexpected("no batch of KV events");
  return batch;
}

}  // namespace wp::feeds
