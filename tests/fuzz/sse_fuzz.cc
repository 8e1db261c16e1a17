// An event stream: the scanner must agree with a plain reading of the HTML standard, section 9.2.6, however it is cut.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/http/sse_scanner.h"

namespace {

// Lines first, fields then.
std::uint64_t count_events(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::uint64_t events = 0;
  bool has_data = false;
  while (true) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return events;  // a line without its end does not count
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    if (line.empty()) {
      events += has_data ? 1 : 0;
      has_data = false;
    } else if (line.substr(0, line.find(':')) == "data") {
      has_data = true;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = data[0] % 16 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  wp::http::SseScanner whole;
  wp::http::SseScanner cut;
  const std::uint32_t counted = whole.feed(std::as_bytes(std::span(text)));
  std::uint64_t summed = 0;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    const std::vector<char> exact(part.begin(), part.end());
    summed += cut.feed(std::as_bytes(std::span(exact)));
  }
  WP_ASSERT(counted == whole.events());
  WP_ASSERT(summed == cut.events());
  WP_ASSERT(whole.events() == cut.events());
  WP_ASSERT(whole.events() == count_events(text));
  return 0;
}
