// One line of a trace, in either format: what it says, checked.
//
// Mooncake (FAST'25): {"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [one id for each
// block of 512 tokens, the last one perhaps shorter]}; equal ids are equal blocks behind equal prefixes.
//
// chat: {"timestamp_us": us, "session": text or number, optional, and either "body": a whole request, or "input": the
// whole prompt as text; "output_tokens": optional, else "output_chars" / 4, else the request's own limit}.
//
// Members that are not named here are passed over.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/prompt/features.h"

namespace wp::lab {

inline constexpr std::uint32_t kMooncakeBlock = 512;  // tokens

struct MooncakeLine {
  Duration at;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::vector<std::uint64_t> ids;
};

struct ChatLine {
  Duration at;
  std::string session;  // empty: none
  prompt::Api api = prompt::Api::none;
  std::string body;                 // JSON
  std::string opening;              // text of the first user turn or prompt; empty: there is none
  std::uint32_t output_tokens = 0;  // 0: not said
};

enum class TraceFormat : std::uint8_t { automatic, mooncake, chat };

// Errors of all three are a few words without the line's place.

// The format that a line has by its members.
[[nodiscard]] std::expected<TraceFormat, std::string> format_of(std::string_view line);
[[nodiscard]] std::expected<MooncakeLine, std::string> read_mooncake(std::string_view line);
[[nodiscard]] std::expected<ChatLine, std::string> read_chat(std::string_view line);

}  // namespace wp::lab
