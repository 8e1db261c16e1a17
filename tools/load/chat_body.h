// Writes the requests that workloads are made of. Their texts are ASCII words and need no escaping.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wp::load {

inline constexpr std::string_view kChatPath = "/v1/chat/completions";

struct ChatStyle {
  std::string model = "replica-model";
  std::uint32_t reply_tokens = 64;  // max_tokens
  bool stream = true;
  bool usage = false;   // of streams: asks for a last event with the token counts
  bool greedy = false;  // temperature 0: the same request has the same reply, which may be kept
};

struct Message {
  std::string_view role;
  std::string_view content;
};

// One message as an element of `messages`, with a comma behind it.
[[nodiscard]] std::string message_json(const Message& message);

// The body of a chat completion. `messages`: what message_json() made, joined.
[[nodiscard]] std::string chat_body(const ChatStyle& style, std::string_view messages);

// `tokens` tokens of words, the same for the same seed.
[[nodiscard]] std::string words(std::uint64_t seed, std::uint32_t tokens);

}  // namespace wp::load
