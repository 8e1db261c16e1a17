#include "dataplane/http/field_section.h"

#include "dataplane/base/assert.h"
#include "dataplane/http/field_line.h"

namespace wp::http {

void clear_head(HeadBase& head) {
  head.field_count = 0;
  head.names = 0;
  head.content_length = 0;
  head.framing = Framing::none;
  head.minor_version = 1;
  head.keep_alive = true;
  head.wants_upgrade = false;
}

Ambiguity append_field(HeadBase& head, std::uint32_t start, std::uint32_t end, std::uint32_t max_fields,
                       FramingFields& framing, std::uint32_t& at) {
  WP_ASSERT(max_fields <= HeadLimits::kMaxFields);
  at = start;
  if (head.field_count == max_fields) return Ambiguity::many_fields;
  Field& field = head.fields[head.field_count];
  const Ambiguity flaw = read_field_line(head.text, start, end, Extent::whole, field, at);
  if (flaw != Ambiguity::none) return flaw;

  ++head.field_count;
  head.names |= HeadBase::name_bit(field.name);
  at = field.value_offset;
  if (field.name == Name::content_length) return framing.note_content_length(head.value(field));
  if (field.name == Name::transfer_encoding) {
    return framing.note_transfer_encoding(head.value(field), head.minor_version);
  }
  return Ambiguity::none;
}

Ambiguity judge_field_beginning(const HeadBase& head, std::uint32_t start, std::uint32_t end, std::uint32_t max_fields,
                                std::uint32_t& at) {
  at = start;
  if (head.field_count == max_fields) return Ambiguity::many_fields;
  Field field;
  return read_field_line(head.text, start, end, Extent::beginning, field, at);
}

}  // namespace wp::http
