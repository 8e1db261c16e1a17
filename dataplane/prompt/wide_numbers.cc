#include "dataplane/prompt/wide_numbers.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace wp::prompt {
namespace {

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_decimal(text[end])) ++end;
  return end - from;
}

// A number token by RFC 8259 section 6; size 0 when malformed.
struct Token {
  std::size_t size = 0;
  std::size_t integer = 0;  // digits before the point
  bool whole = true;        // neither fraction nor exponent
};

Token token_at(std::string_view text) {
  Token token;
  std::size_t at = text.starts_with('-') ? 1 : 0;
  token.integer = digits_at(text, at);
  if (token.integer == 0 || (text[at] == '0' && token.integer > 1)) return {};
  at += token.integer;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (fraction == 0) return {};
    token.whole = false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-');
    const std::size_t exponent = digits_at(text, at + 1 + sign);
    if (exponent == 0) return {};
    token.whole = false;
    at += 1 + sign + exponent;
  }
  token.size = at;
  return token;
}

// Writes `text` over the digits of a token, white space behind it. It always fits: a double overflows from five
// characters on ("2e308"), an integer from 19 digits on.
void overwrite(std::span<char> digits, std::string_view text) {
  for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = i < text.size() ? text[i] : ' ';
}

bool fits_integer(std::string_view text) {
  std::int64_t narrow = 0;
  std::uint64_t wide = 0;
  const char* end = text.data() + text.size();
  return text.front() == '-' ? std::from_chars(text.data(), end, narrow).ec == std::errc{}
                             : std::from_chars(text.data(), end, wide).ec == std::errc{};
}

// Above the range, not below it: simdjson reads what is too small as zero. 200 tells the two apart, being far from
// either end (1e308 and 1e-324).
bool is_huge(std::string_view text) {
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc::result_out_of_range) return false;
  const std::size_t mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, mark);
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view digits = text.substr(mark + 1);
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    constexpr std::int64_t kFar = std::int64_t{1} << 40U;  // more than any body has digits to make up for
    if (read.ec == std::errc::result_out_of_range) exponent = kFar;
    exponent = std::min(exponent, kFar);
    if (negative) exponent = -exponent;
  }
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const std::size_t point = mantissa.find('.') == std::string_view::npos ? mantissa.size() : mantissa.find('.');
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 200;
}

bool narrow(std::span<char> number, const Token& token) {
  const std::string_view text(number.data(), token.size);
  const std::size_t sign = text.front() == '-' ? 1 : 0;
  const std::span<char> digits = number.subspan(sign, token.size - sign);
  if (is_huge(text)) {
    overwrite(digits, "1e308");
    return true;
  }
  if (!token.whole || fits_integer(text)) return false;
  char shorter[24];
  std::size_t size = 0;
  while (size < 17) shorter[size] = digits[size], ++size;
  shorter[size++] = 'e';
  const char* end = std::to_chars(shorter + size, shorter + sizeof shorter, token.integer - 17).ptr;
  overwrite(digits, std::string_view(shorter, static_cast<std::size_t>(end - shorter)));
  return true;
}

}  // namespace

bool narrow_wide_numbers(std::span<char> body, std::span<const std::uint32_t> starts) {
  bool changed = false;
  for (const std::uint32_t start : starts) {
    if (start >= body.size() || (body[start] != '-' && !is_decimal(body[start]))) continue;
    const std::span<char> rest = body.subspan(start);
    const Token token = token_at(std::string_view(rest.data(), rest.size()));
    if (token.size != 0 && narrow(rest, token)) changed = true;
  }
  return changed;
}

}  // namespace wp::prompt
