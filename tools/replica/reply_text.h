// What the simulated model says: readable words, the same for the same prompt and seed, exactly as many tokens as
// asked for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tools/replica/tokenizer.h"

namespace wp::replica {

// `tokens` tokens of lower-case ASCII words, kBytesPerToken bytes each, ending in a full stop: no space at either end
// that a client could trim, so that the text sent back gives the same tokens. Needs no escaping in JSON.
[[nodiscard]] std::string make_reply(std::uint64_t seed, std::uint32_t tokens);

// The text of token `index` of such a reply.
[[nodiscard]] inline std::string_view piece(std::string_view reply, std::uint32_t index) {
  return reply.substr(std::size_t{index} * kBytesPerToken, kBytesPerToken);
}

// A 64-bit fingerprint of a prompt.
[[nodiscard]] std::uint64_t prompt_hash(std::span<const Token> tokens, std::uint64_t seed);

}  // namespace wp::replica
