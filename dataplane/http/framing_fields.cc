#include "dataplane/http/framing_fields.h"

#include "dataplane/http/syntax.h"

namespace wp::http {

Reason FramingFields::note_content_length(std::string_view value) {
  constexpr std::size_t kMaxDigits = 19;  // every such number fits into 64 bits
  if (any()) return Reason::ambiguous_framing;
  if (value.empty() || value.size() > kMaxDigits) return Reason::bad_content_length;
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!syntax::is_digit(c)) return Reason::bad_content_length;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  length_ = length;
  has_length_ = true;
  return Reason::none;
}

Reason FramingFields::note_transfer_encoding(std::string_view value, std::uint8_t minor_version) {
  if (has_length_) return Reason::ambiguous_framing;
  if (is_chunked_ || minor_version == 0 || !syntax::equals_folded(value, "chunked")) {
    return Reason::bad_transfer_encoding;
  }
  is_chunked_ = true;
  return Reason::none;
}

}  // namespace wp::http
