#include "controlplane/feeds/prompt_notes.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "dataplane/base/hash_text.h"

namespace wp::feeds {
namespace {

using Json = nlohmann::json;

std::optional<std::uint64_t> number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return {};
  return found->get<std::uint64_t>();
}

std::optional<std::uint32_t> tokens_of(const Json& json, const char* key) {
  const auto number = number_of(json, key);
  if (!number || *number > UINT32_MAX) return {};
  return static_cast<std::uint32_t>(*number);
}

std::optional<Instant> instant_of(const Json& json) {
  const auto micros = number_of(json, "at_us");
  if (!micros || *micros > INT64_MAX / 1000) return {};
  return Instant{static_cast<std::int64_t>(*micros) * 1000};
}

bool read_rungs(const Json& json, SentPrompt& prompt) {
  const Json keys = json.value("keys", Json());
  const Json ends = json.value("ends", Json());
  if (!keys.is_array() || !ends.is_array() || keys.empty() || keys.size() != ends.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto* text = keys[i].get_ptr<const Json::string_t*>();
    const auto key = text == nullptr ? std::nullopt : read_hash_text(*text);
    if (!key || !ends[i].is_number_unsigned() || ends[i].get<std::uint64_t>() > prompt.bytes) return false;
    prompt.rungs.push_back({*key, ends[i].get<std::uint32_t>()});
  }
  return prompt.bytes > 0;
}

bool read_sent(const Json& json, PromptNotes& notes) {
  if (!json.is_object()) return false;
  const auto number = number_of(json, "number");
  const auto at = instant_of(json);
  const Json replica = json.value("replica", Json());
  if (!number || !at || !replica.is_string()) return false;
  SentPrompt prompt{.number = *number,
                    .sent = *at,
                    .bytes = number_of(json, "bytes").value_or(0),
                    .estimated_tokens = tokens_of(json, "estimated_tokens").value_or(0)};
  if (!read_rungs(json, prompt)) return false;
  notes.sent.push_back({replica.get<std::string>(), tokens_of(json, "generation").value_or(0), std::move(prompt)});
  return true;
}

bool read_first_byte(const Json& json, PromptNotes& notes) {
  if (!json.is_object()) return false;
  const auto number = number_of(json, "number");
  const auto at = instant_of(json);
  if (!number || !at) return false;
  notes.first_bytes.push_back({*number, *at});
  return true;
}

bool read_end(const Json& json, PromptNotes& notes) {
  if (!json.is_object()) return false;
  const auto number = number_of(json, "number");
  if (!number) return false;
  notes.ended.push_back({*number, tokens_of(json, "prompt_tokens"), tokens_of(json, "completion_tokens"),
                         tokens_of(json, "cached_tokens")});
  return true;
}

template <class Read>
bool read_list(const Json& json, const char* key, PromptNotes& notes, Read&& read) {
  const auto list = json.find(key);
  if (list == json.end() || !list->is_array()) return false;
  for (const Json& one : *list) {
    if (!read(one, notes)) return false;
  }
  return true;
}

}  // namespace

std::expected<PromptNotes, std::string> read_prompt_notes(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  PromptNotes notes;
  const bool fits = json.is_object() && read_list(json, "sent", notes, read_sent) &&
                    read_list(json, "first_bytes", notes, read_first_byte) && read_list(json, "ended", notes, read_end);
  if (!fits) return std::unexpected("what it says of prompts cannot be read");
  notes.dropped = number_of(json, "dropped").value_or(0);
  return notes;
}

}  // namespace wp::feeds
