#include "tools/replica/tokenizer.h"

#include <cstring>

namespace wp::replica {

void append(std::vector<Token>& tokens, std::string_view text) {
  tokens.reserve(tokens.size() + token_count(text));
  while (text.size() >= kBytesPerToken) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    tokens.push_back(Token{bytes[0]} << 24U | Token{bytes[1]} << 16U | Token{bytes[2]} << 8U | Token{bytes[3]});
    text.remove_prefix(kBytesPerToken);
  }
  if (text.empty()) return;
  Token rest = 0xF8U + static_cast<Token>(text.size());
  for (std::size_t i = 0; i < kBytesPerToken - 1; ++i) {
    rest = rest << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  tokens.push_back(rest);
}

}  // namespace wp::replica
