// The answer to POST /v1/prompts: which prompts went where, and what became of them. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/feeds/prompt_matcher.h"

namespace wp::feeds {

struct PromptNotes {
  struct Sent {
    std::string replica;
    std::uint32_t generation = 0;
    SentPrompt prompt;
  };
  struct FirstByte {
    std::uint64_t number = 0;
    Instant at;
  };
  // Instants are those of the machine's monotonic clock.
  std::vector<Sent> sent = {};
  std::vector<FirstByte> first_bytes = {};
  std::vector<PromptEnd> ended = {};
  std::uint64_t dropped = 0;  // that the gateway had no room for, since it started
};

// The error: it is no such answer.
[[nodiscard]] std::expected<PromptNotes, std::string> read_prompt_notes(std::string_view body);

}  // namespace wp::feeds
