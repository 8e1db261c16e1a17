#include <algorithm>
#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/http/head_reader.h"

namespace wp::http {

void LineCollector::reset(std::span<char> buffer, std::uint32_t limit) {
  WP_ASSERT(buffer.size() >= limit);
  buffer_ = buffer.first(limit);
  drop();
}

LineCollector::Found LineCollector::collect(std::span<const std::byte> input, std::uint32_t& taken) {
  if (input.empty()) return Found::need_more;
  const std::size_t room = buffer_.size() - used_;
  std::size_t length = std::min(input.size(), room);
  const void* line_feed = length == 0 ? nullptr : std::memchr(input.data(), '\n', length);
  if (line_feed != nullptr) {
    length = static_cast<std::size_t>(static_cast<const std::byte*>(line_feed) - input.data()) + 1;
  }
  if (length > 0) std::memcpy(buffer_.data() + used_, input.data(), length);
  used_ += static_cast<std::uint32_t>(length);
  taken += static_cast<std::uint32_t>(length);
  if (line_feed != nullptr) return Found::line;
  return used_ == buffer_.size() ? Found::full : Found::need_more;
}

}  // namespace wp::http
