#include "controlplane/admin_prompts.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "dataplane/base/access_record.h"
#include "dataplane/base/hash_text.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;
using balance::PromptNote;
using Names = std::map<std::pair<std::uint32_t, std::uint32_t>, std::string_view>;  // by id and generation

constexpr std::uint64_t kShardShift = 40;  // a shard's own numbers do not come that far

Json told(std::uint32_t tokens) {
  return tokens == kNotTold ? Json() : Json(tokens);
}

std::int64_t micros_of(const PromptNote& note) {
  return note.at_ns / 1000;
}

Json describe_sent(const PromptNote& note, std::uint64_t number, std::string_view replica) {
  Json keys = Json::array();
  Json ends = Json::array();
  for (std::uint32_t i = 0; i < note.rungs; ++i) {
    keys.push_back(hash_text(note.hashes[i]));
    ends.push_back(note.ends[i]);
  }
  return {{"number", number},
          {"replica", replica},
          {"generation", note.generation},
          {"at_us", micros_of(note)},
          {"estimated_tokens", note.estimated_tokens},
          {"bytes", note.canonical_bytes},
          {"keys", std::move(keys)},
          {"ends", std::move(ends)}};
}

Json describe_end(const PromptNote& note, std::uint64_t number) {
  return {{"number", number},
          {"prompt_tokens", told(note.prompt_tokens)},
          {"completion_tokens", told(note.completion_tokens)},
          {"cached_tokens", told(note.cached_tokens)}};
}

}  // namespace

AdminReply AdminPrompts::handle(const AdminRequest& request) {
  if (!request.may_report) return control_only();
  if (request.method != "POST") return method_not_allowed("POST");
  Names names;
  for (const Member& member : registry_.members()) {
    names.emplace(std::pair(member.ref.id, member.ref.generation), member.spec.name);
  }
  Json sent = Json::array();
  Json first_bytes = Json::array();
  Json ended = Json::array();
  std::uint64_t dropped = 0;
  const Instant now = now_();
  const std::size_t shards = std::max<std::size_t>(1, taps_.size());
  const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(1, kMost / shards));
  for (std::size_t shard = 0; shard < taps_.size(); ++shard) {
    balance::PromptTap& tap = *taps_[shard];
    tap.want(now + kWantedFor);
    dropped += tap.dropped().value();
    tap.take(most, [&](const PromptNote& note) {
      const std::uint64_t number = shard << kShardShift | note.number;
      switch (note.kind) {
        case PromptNote::Kind::sent:
          if (const auto name = names.find({note.replica, note.generation}); name != names.end()) {
            sent.push_back(describe_sent(note, number, name->second));
          }
          return;
        case PromptNote::Kind::first_byte:
          first_bytes.push_back({{"number", number}, {"at_us", micros_of(note)}});
          return;
        case PromptNote::Kind::ended: ended.push_back(describe_end(note, number)); return;
      }
    });
  }
  return json_reply(200, {{"now_us", now.ns / 1000},
                          {"dropped", dropped},
                          {"sent", std::move(sent)},
                          {"first_bytes", std::move(first_bytes)},
                          {"ended", std::move(ended)}});
}

}  // namespace wp::control
