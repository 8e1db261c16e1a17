// The members of a body that features are made of: what the walkers read of them.
#pragma once

#include <array>
#include <string_view>

#include "dataplane/prompt/members.h"

namespace wp::prompt {

enum class Field : std::uint8_t {
  model,
  cache_salt,
  adapter,
  adapter_id,
  lora,
  lora_name,
  lora_path,
  tools,
  functions,
  system,
  instructions,
  messages,
  prompt,
  input,
  stream,
  stream_options,
  max_completion_tokens,
  max_output_tokens,
  max_tokens,
  prompt_cache_key,
  conversation,
  conversation_id,
  session_id,
  session_params,
  user,
  user_id,
  metadata,
};

inline constexpr auto kFieldNames = std::to_array<std::string_view>({
    "model",
    "cache_salt",
    "adapter",
    "adapter_id",
    "lora",
    "lora_name",
    "lora_path",
    "tools",
    "functions",
    "system",
    "instructions",
    "messages",
    "prompt",
    "input",
    "stream",
    "stream_options",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "prompt_cache_key",
    "conversation",
    "conversation_id",
    "session_id",
    "session_params",
    "user",
    "user_id",
    "metadata",
});
inline constexpr KeyTable kFieldTable(kFieldNames);

// Fields in their own order, names in the same.
static_assert(kFieldNames[static_cast<std::size_t>(Field::metadata)] == "metadata");
static_assert(kFieldNames[static_cast<std::size_t>(Field::stream)] == "stream");

using BodyFields = Members<Field, kFieldNames.size()>;

[[nodiscard]] constexpr std::string_view name(Field field) {
  return kFieldNames[static_cast<std::size_t>(field)];
}

}  // namespace wp::prompt
