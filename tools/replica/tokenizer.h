// replica: a simulated LLM replica, for tests, demonstrations and the routing lab. The engine model (tokenizer, KV
// cache, engine) is pure: it has no clock and no socket. The rest serves it over HTTP with the project's own L7 code.
//
// The tokenizer is deterministic and needs no model: four bytes of text are a token, and a mark of the chat template is
// one. Text is cut anew behind each mark, so that a reply sent back in the next turn becomes the tokens it was made of.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace wp::replica {

using Token = std::uint32_t;

inline constexpr std::uint32_t kBytesPerToken = 4;

// The chat template's special tokens.
enum class Mark : std::uint8_t { begin, end, tools, system, user, assistant, tool, item };

// Ids never collide for UTF-8 text: four bytes are their own id, shorter pieces and marks have a first byte above 0xF7,
// which UTF-8 does not use.
[[nodiscard]] constexpr Token token_of(Mark mark) {
  return 0xFC00'0000U | static_cast<Token>(mark);
}

inline void append(std::vector<Token>& tokens, Mark mark) {
  tokens.push_back(token_of(mark));
}

// Appends the tokens of one piece of text; the last may hold fewer than four bytes.
void append(std::vector<Token>& tokens, std::string_view text);

[[nodiscard]] constexpr std::size_t token_count(std::string_view text) {
  return (text.size() + kBytesPerToken - 1) / kBytesPerToken;
}

}  // namespace wp::replica
