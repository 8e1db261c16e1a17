#include "dataplane/prompt/numbers.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace wp::prompt {
namespace {

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

const char* behind_digits(const char* at, const char* end) {
  while (at < end && is_decimal(*at)) ++at;
  return at;
}

// A number as it is spelled.
struct Spelling {
  const char* end = nullptr;  // nullptr: malformed
  bool whole = true;          // neither fraction nor exponent
};

// `digits`: behind the sign.
Spelling spelling_of(const char* digits, const char* end) {
  const char* at = behind_digits(digits, end);
  if (at == digits || (*digits == '0' && at - digits > 1)) return {};
  bool whole = true;
  if (at < end && *at == '.') {
    const char* fraction = at + 1;
    at = behind_digits(fraction, end);
    if (at == fraction) return {};
    whole = false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    const char* exponent = at + 1;
    if (exponent < end && (*exponent == '+' || *exponent == '-')) ++exponent;
    at = behind_digits(exponent, end);
    if (at == exponent) return {};
    whole = false;
  }
  return {at, whole};
}

// Of a number that no double holds: whether it is above the range, not below it. 200 tells the two apart, being far
// from either end (1e308 and 1e-324).
bool is_huge(std::string_view digits) {
  const std::size_t mark = digits.find_first_of("eE");
  const std::string_view mantissa = digits.substr(0, mark);
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view text = digits.substr(mark + 1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    constexpr std::int64_t kFar = 1'000'000;  // more than a number has digits to make up for
    static_assert(kFar > static_cast<std::int64_t>(kLongestNumber) + 1000);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (read.ec == std::errc::result_out_of_range) exponent = kFar;
    exponent = std::min(exponent, kFar);
    if (negative) exponent = -exponent;
  }
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 200;
}

double nearest_double(std::string_view digits) {
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc::result_out_of_range) return value;
  return is_huge(digits) ? 1e308 : 0;
}

}  // namespace

const char* read_number(const char* at, const char* end, Node& node) {
  const bool negative = *at == '-';
  const char* digits = at + (negative ? 1 : 0);
  // Most numbers are small integers.
  std::uint64_t small = 0;
  const char* behind = digits;
  while (behind - digits < 18 && is_decimal(*behind)) small = small * 10 + static_cast<std::uint64_t>(*behind++ - '0');
  const bool more = is_decimal(*behind) || *behind == '.' || (*behind | 0x20) == 'e';
  if (!more) {
    if (behind >= end || behind == digits || (*digits == '0' && behind - digits > 1)) return nullptr;
    node = {.payload = negative ? ~small + 1 : small, .size = 0, .kind = Kind::integer};
    return behind;
  }
  const char* most = std::min(end, digits + kLongestNumber);
  const Spelling spelling = spelling_of(digits, most);
  if (spelling.end == nullptr || spelling.end == most) return nullptr;
  if (spelling.whole) {
    std::int64_t narrow = 0;
    std::uint64_t wide = 0;
    if (std::from_chars(at, spelling.end, narrow).ec == std::errc{}) {
      node = {.payload = static_cast<std::uint64_t>(narrow), .size = 0, .kind = Kind::integer};
      return spelling.end;
    }
    if (!negative && std::from_chars(at, spelling.end, wide).ec == std::errc{}) {
      node = {.payload = wide, .size = 0, .kind = Kind::natural};
      return spelling.end;
    }
  }
  const double value = nearest_double({digits, static_cast<std::size_t>(spelling.end - digits)});
  node = {.payload = std::bit_cast<std::uint64_t>(negative ? -value : value), .size = 0, .kind = Kind::real};
  return spelling.end;
}

}  // namespace wp::prompt
