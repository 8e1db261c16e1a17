#include "dataplane/http/framing_fields.h"

#include "dataplane/http/syntax.h"

namespace wp::http {

Ambiguity FramingFields::note_content_length(std::string_view value) {
  constexpr std::size_t kMaxDigits = 19;  // every such number fits into 64 bits
  if (is_chunked_) return Ambiguity::length_and_coding;
  if (has_length_) return Ambiguity::repeated_length;
  if (value.empty() || value.size() > kMaxDigits) return Ambiguity::length_shape;
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!syntax::is_digit(c)) return Ambiguity::length_shape;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  length_ = length;
  has_length_ = true;
  return Ambiguity::none;
}

Ambiguity FramingFields::note_transfer_encoding(std::string_view value, std::uint8_t minor_version) {
  if (has_length_) return Ambiguity::length_and_coding;
  if (is_chunked_) return Ambiguity::repeated_coding;
  if (minor_version == 0) return Ambiguity::coding_in_http10;
  if (!syntax::equals_folded(value, "chunked")) return Ambiguity::foreign_coding;
  is_chunked_ = true;
  return Ambiguity::none;
}

}  // namespace wp::http
