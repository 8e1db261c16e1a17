#include "dataplane/http/sse_scanner.h"

#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kDataField = "data";

bool ends_line(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

std::uint32_t SseScanner::feed(std::span<const std::byte> bytes) {
  std::uint32_t ended = 0;
  while (!bytes.empty()) {
    const Step next = step(bytes);
    bytes = bytes.subspan(next.taken);
    if (next.event) ++ended;
  }
  return ended;
}

SseScanner::Step SseScanner::step(std::span<const std::byte> bytes) {
  const char* text = reinterpret_cast<const char*>(bytes.data());
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (std::uint32_t at = 0; at < size; ++at) {
    if (line_ == Line::data) return take_data(text, at, size);
    // What is left of the line decides nothing: on to a byte that may end it.
    if (line_ == Line::rest) at = syntax::find_control(text, at, size);
    if (at == size) break;
    const char c = text[at];
    const bool second_of_pair = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_of_pair) continue;
    if (!ends_line(c)) {
      take(c);
    } else if (end_line()) {
      const bool event = has_data_;
      has_data_ = false;
      if (event) ++events_;
      return {.taken = at + 1, .data = {}, .data_ended = false, .blank = true, .event = event};
    }
  }
  return {.taken = size, .data = {}};
}

SseScanner::Step SseScanner::take_data(const char* text, std::uint32_t at, std::uint32_t size) {
  const std::uint32_t begin = at;
  // Other controls are data.
  for (at = syntax::find_control(text, at, size); at < size && !ends_line(text[at]); ++at) {
    at = syntax::find_control(text, at + 1, size) - 1;
  }
  Step step{.taken = at, .data = {text + begin, at - begin}};
  after_cr_ = false;
  if (at == size) return step;
  after_cr_ = text[at] == '\r';
  line_ = Line::start;
  matched_ = 0;
  step.taken = at + 1;
  step.data_ended = true;
  return step;
}

// True when the line was blank.
bool SseScanner::end_line() {
  const bool blank = line_ == Line::start || (line_ == Line::mark && matched_ == 0);
  if (line_ == Line::name && matched_ == kDataField.size()) has_data_ = true;  // a field name without a colon counts
  line_ = Line::start;
  matched_ = 0;
  return blank;
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
  const bool data = matched_ == kDataField.size() && c == ':';
  has_data_ = has_data_ || data;
  line_ = data ? Line::data : Line::rest;
}

}  // namespace wp::http
