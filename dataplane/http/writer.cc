#include "dataplane/http/writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1";
constexpr std::string_view kLineEnd = "\r\n";

bool is_clean(std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  return syntax::find_control(value.data(), 0, size) == size;
}

std::uint32_t skip_bits(std::span<const Name> skip) {
  std::uint32_t bits =
      HeadBase::name_bit(Name::host) | HeadBase::name_bit(Name::content_length) | HeadBase::name_bit(Name::expect);
  for (const Name name : skip) {
    WP_ASSERT(name != Name::other);
    bits |= HeadBase::name_bit(name);
  }
  return bits;
}

// Does the text hold the field just as it would be written: "name: value\r\n"?
bool is_canonical(const HeadBase& head, const Field& field) {
  const std::uint32_t colon = field.name_offset + field.name_length;
  return field.value_offset == colon + 2 && head.text[colon + 1] == ' ' &&
         head.text[field.value_offset + field.value_length] == '\r';
}

}  // namespace

void Writer::text(std::string_view piece) {
  if (overflowed_ || piece.size() > room_.size() - used_) {
    overflowed_ = true;
    return;
  }
  if (!piece.empty()) std::memcpy(room_.data() + used_, piece.data(), piece.size());
  used_ += static_cast<std::uint32_t>(piece.size());
}

void Writer::number(std::uint64_t value) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void Writer::hex(std::uint64_t value) {
  std::array<char, 16> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  text({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void Writer::field(std::string_view name, std::string_view value) {
  WP_ASSERT(!name.empty());
  WP_ASSERT(is_clean(value));
  text(name);
  text(": ");
  text(value);
  text(kLineEnd);
}

void Writer::field(std::string_view name, std::uint64_t value) {
  WP_ASSERT(!name.empty());
  text(name);
  text(": ");
  number(value);
  text(kLineEnd);
}

void write_request_line(Writer& out, std::string_view method, std::string_view target) {
  out.text(method);
  out.text(" ");
  out.text(target);
  out.text(" ");
  out.text(kVersion);
  out.text(kLineEnd);
}

void write_status_line(Writer& out, std::uint16_t status, std::string_view reason) {
  WP_ASSERT(status >= 100 && status <= 599);
  WP_ASSERT(is_clean(reason));
  out.text(kVersion);
  out.text(" ");
  out.number(status);
  out.text(" ");
  out.text(reason.empty() ? standard_phrase(status) : reason);
  out.text(kLineEnd);
}

// Lines that the reader has judged and that already look as they would be written are copied in runs.
void write_end_to_end_fields(Writer& out, const HeadBase& head, std::span<const Name> skip) {
  const std::uint32_t skipped = skip_bits(skip);
  std::uint32_t run_start = 0;
  std::uint32_t run_end = 0;
  const auto flush = [&] {
    out.text({head.text.data() + run_start, run_end - run_start});
    run_start = run_end = 0;
  };
  for (const Field& field : head.all()) {
    if (field.hop_by_hop || (skipped & HeadBase::name_bit(field.name)) != 0) continue;
    if (!is_canonical(head, field)) {
      flush();
      out.field(head.name(field), head.value(field));
      continue;
    }
    if (field.name_offset != run_end) {
      flush();
      run_start = field.name_offset;
    }
    run_end = field.value_offset + field.value_length + static_cast<std::uint32_t>(kLineEnd.size());
  }
  flush();
}

void write_framing(Writer& out, Framing framing, std::uint64_t content_length) {
  if (framing == Framing::length) out.field("Content-Length", content_length);
  if (framing == Framing::chunked) out.field("Transfer-Encoding", "chunked");
}

void write_end_of_head(Writer& out) {
  out.text(kLineEnd);
}

void write_chunk_start(Writer& out, std::uint64_t size) {
  WP_ASSERT(size > 0);  // size 0 would end the body
  out.hex(size);
  out.text(kLineEnd);
}

}  // namespace wp::http
