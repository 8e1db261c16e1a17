#include "dataplane/http/field_line.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/http/names.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

Ambiguity refuse(std::span<const char> text, std::uint32_t offset, Ambiguity flaw, std::uint32_t& at) {
  at = offset;
  return text[offset] == '\r' ? Ambiguity::bare_cr : flaw;
}

// CGI and its heirs write '_' for '-' in names (RFC 3875 section 4.1.18), so that behind them the two are one field.
bool is_disguised(std::array<char, 32> lower, std::uint32_t length) {
  const auto end = lower.begin() + length;
  if (std::find(lower.begin(), end, '_') == end) return false;
  std::replace(lower.begin(), end, '_', '-');
  return classify_name({lower.data(), length}) != Name::other;
}

}  // namespace

Ambiguity read_field_line(std::span<const char> text, std::uint32_t start, std::uint32_t end, Extent extent,
                          Field& field, std::uint32_t& at) {
  WP_ASSERT(start < end && end <= text.size());
  if (syntax::is_blank(text[start])) return refuse(text, start, Ambiguity::folded_line, at);
  std::array<char, 32> lower;
  static_assert(kLongestKnownName < 32);
  const std::uint32_t plain =
      syntax::fold_plain_name(text.data(), start, static_cast<std::uint32_t>(text.size()), lower);
  // Behind a line's beginning stand bytes of an earlier head.
  std::uint32_t offset = std::min(start + plain, end);
  for (; offset < end; ++offset) {
    const char folded = syntax::kFolded[static_cast<std::uint8_t>(text[offset])];
    if (folded == 0) break;
    if (offset - start < lower.size()) lower[offset - start] = folded;
  }
  const std::uint32_t name_length = offset - start;
  at = end;
  if (offset == end) return extent == Extent::beginning ? Ambiguity::none : Ambiguity::missing_colon;
  if (text[offset] != ':') {
    const bool blank = syntax::is_blank(text[offset]);
    return refuse(text, offset, blank ? Ambiguity::blank_before_colon : Ambiguity::name_byte, at);
  }
  if (name_length == 0) return refuse(text, offset, Ambiguity::empty_name, at);
  field.name_offset = start;
  field.name_length = static_cast<std::uint16_t>(name_length);
  field.name = name_length < lower.size() ? classify_name({lower.data(), name_length}) : Name::other;
  field.hop_by_hop = is_hop_by_hop(field.name);
  if (plain < name_length && name_length <= kLongestKnownName && is_disguised(lower, name_length)) {
    return refuse(text, start, Ambiguity::disguised_name, at);
  }

  do {
    ++offset;
  } while (offset < end && syntax::is_blank(text[offset]));
  const std::uint32_t control = syntax::find_control(text.data(), offset, end);
  if (control != end) return refuse(text, control, Ambiguity::value_byte, at);
  std::uint32_t value_end = end;
  while (value_end > offset && syntax::is_blank(text[value_end - 1])) --value_end;
  field.value_offset = offset;
  field.value_length = value_end - offset;
  return Ambiguity::none;
}

}  // namespace wp::http
