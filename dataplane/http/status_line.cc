#include "dataplane/http/status_line.h"

#include <string_view>

#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::uint32_t kMinor = 7;
constexpr std::uint32_t kStatus = 9;   // behind "HTTP/1.1 "
constexpr std::uint32_t kReason = 13;  // behind "HTTP/1.1 200 "

// May `c` stand at that offset before the reason? A status is 100 to 599 (RFC 9110 section 15).
bool fits(std::uint32_t offset, char c) {
  constexpr std::string_view kShape = "HTTP/1.m sdd ";
  switch (kShape[offset]) {
    case 'm': return c == '0' || c == '1';
    case 's': return c >= '1' && c <= '5';
    case 'd': return syntax::is_digit(c);
    default: return c == kShape[offset];
  }
}

std::uint16_t digits(std::span<const char> three) {
  return static_cast<std::uint16_t>((three[0] - '0') * 100 + (three[1] - '0') * 10 + (three[2] - '0'));
}

}  // namespace

Ambiguity read_status_line(std::span<const char> text, std::uint32_t end, Extent extent, ReplyHead& head,
                           std::uint32_t& at) {
  for (at = 0; at < end && at < kReason; ++at) {
    if (!fits(at, text[at])) return text[at] == '\r' ? Ambiguity::bare_cr : Ambiguity::status_line_shape;
  }
  if (end < kReason - 1) return extent == Extent::beginning ? Ambiguity::none : Ambiguity::status_line_shape;
  if (end > kReason) {
    at = syntax::find_control(text.data(), kReason, end);
    if (at != end) return text[at] == '\r' ? Ambiguity::bare_cr : Ambiguity::reason_phrase_byte;
  }
  head.minor_version = static_cast<std::uint8_t>(text[kMinor] - '0');
  head.status = digits(text.subspan(kStatus, 3));
  head.reason_offset = end > kReason ? kReason : end;
  head.reason_length = end > kReason ? end - kReason : 0;
  return Ambiguity::none;
}

}  // namespace wp::http
