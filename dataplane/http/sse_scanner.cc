#include "dataplane/http/sse_scanner.h"

#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kDataField = "data";

}  // namespace

std::uint32_t SseScanner::feed(std::span<const std::byte> bytes) {
  const char* text = reinterpret_cast<const char*>(bytes.data());
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::uint32_t ended = 0;
  for (std::uint32_t at = 0; at < size; ++at) {
    // What is left of the line decides nothing: on to a byte that may end it.
    if (line_ == Line::rest) at = syntax::find_control(text, at, size);
    if (at == size) break;
    const char c = text[at];
    const bool second_of_pair = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_of_pair) continue;
    if (c != '\n' && c != '\r') {
      take(c);
    } else if (end_line()) {
      ++ended;
    }
  }
  events_ += ended;
  return ended;
}

// True when the line was blank and ended an event.
bool SseScanner::end_line() {
  const bool blank = line_ == Line::start || (line_ == Line::mark && matched_ == 0);
  if (line_ == Line::name && matched_ == kDataField.size()) has_data_ = true;  // a field name without a colon counts
  line_ = Line::start;
  matched_ = 0;
  if (!blank) return false;
  const bool event = has_data_;
  has_data_ = false;
  return event;
}

void SseScanner::take(char c) {
  if (line_ == Line::mark) {
    if (c == kByteOrderMark[matched_]) {
      if (++matched_ == kByteOrderMark.size()) {
        line_ = Line::start;
        matched_ = 0;
      }
      return;
    }
    line_ = matched_ == 0 ? Line::start : Line::rest;
    if (matched_ != 0) return;
  }
  if (line_ == Line::start) line_ = Line::name;
  if (line_ != Line::name) return;
  if (matched_ < kDataField.size() && c == kDataField[matched_]) {
    ++matched_;
    return;
  }
  if (matched_ == kDataField.size() && c == ':') has_data_ = true;
  line_ = Line::rest;
}

}  // namespace wp::http
