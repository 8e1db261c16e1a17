#include "dataplane/http/status_line.h"

#include <string_view>

#include "dataplane/http/syntax.h"

namespace wp::http {

Reason read_status_line(std::span<const char> text, std::uint32_t end, ReplyHead& head, std::uint32_t& at) {
  constexpr std::string_view kPrefix = "HTTP/1.";
  constexpr std::uint32_t kStatus = 9;  // behind "HTTP/1.1 "
  constexpr std::uint32_t kReason = 13;
  const std::string_view line(text.data(), end);
  at = 0;
  if (!line.starts_with(kPrefix)) return Reason::replica_bad_head;
  at = kPrefix.size();
  if (end < kStatus + 3 || (line[7] != '0' && line[7] != '1') || line[8] != ' ') return Reason::replica_bad_head;
  std::uint32_t status = 0;
  for (at = kStatus; at < kStatus + 3; ++at) {
    if (!syntax::is_digit(line[at])) return Reason::replica_bad_head;
    status = status * 10 + static_cast<std::uint32_t>(line[at] - '0');
  }
  if (status < 100 || status > 599) return Reason::replica_bad_head;

  head.minor_version = static_cast<std::uint8_t>(line[7] - '0');
  head.status = static_cast<std::uint16_t>(status);
  head.reason_offset = end;
  head.reason_length = 0;
  if (end == kStatus + 3) return Reason::none;
  if (line[at] != ' ') return Reason::replica_bad_head;
  at = syntax::find_control(text.data(), kReason, end);
  if (at != end) return Reason::replica_bad_head;
  head.reason_offset = kReason;
  head.reason_length = end - kReason;
  return Reason::none;
}

}  // namespace wp::http
