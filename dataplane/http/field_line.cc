#include "dataplane/http/field_line.h"

#include <array>
#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/http/names.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

Reason refuse(std::span<const char> text, std::uint32_t offset, std::uint32_t& at) {
  at = offset;
  return text[offset] == '\r' ? Reason::bad_line_end : Reason::bad_header;
}

}  // namespace

Reason read_field_line(std::span<const char> text, std::uint32_t start, std::uint32_t end, Field& field,
                       std::uint32_t& at) {
  WP_ASSERT(start < end && end < text.size());
  std::array<char, 32> lower;
  static_assert(kLongestKnownName < 32);
  std::uint32_t offset =
      start + syntax::fold_plain_name(text.data(), start, static_cast<std::uint32_t>(text.size()), lower);
  for (; offset < end; ++offset) {
    const char folded = syntax::kFolded[static_cast<std::uint8_t>(text[offset])];
    if (folded == 0) break;
    if (offset - start < lower.size()) lower[offset - start] = folded;
  }
  const std::uint32_t name_length = offset - start;
  if (offset == end) {
    at = end;
    return Reason::bad_header;
  }
  if (text[offset] != ':' || name_length == 0) return refuse(text, offset, at);
  field.name_offset = start;
  field.name_length = static_cast<std::uint16_t>(name_length);
  field.name = name_length < lower.size() ? classify_name({lower.data(), name_length}) : Name::other;
  field.hop_by_hop = is_hop_by_hop(field.name);

  do {
    ++offset;
  } while (offset < end && syntax::is_blank(text[offset]));
  const std::uint32_t control = syntax::find_control(text.data(), offset, end);
  if (control != end) return refuse(text, control, at);
  std::uint32_t value_end = end;
  while (value_end > offset && syntax::is_blank(text[value_end - 1])) --value_end;
  field.value_offset = offset;
  field.value_length = value_end - offset;
  return Reason::none;
}

}  // namespace wp::http
