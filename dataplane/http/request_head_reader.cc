#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/http/authority.h"
#include "dataplane/http/connection_options.h"
#include "dataplane/http/field_section.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/request_line.h"
#include "dataplane/http/syntax.h"

namespace wp::http {

RequestHeadReader::RequestHeadReader(const HeadLimits& limits) : limits_(limits) {
  WP_ASSERT(limits.head_bytes <= 64 * 1024);  // a name's length has 16 bits
  WP_ASSERT(limits.fields <= HeadLimits::kMaxFields);
}

void RequestHeadReader::begin(std::span<char> buffer) {
  lines_.reset(buffer, limits_.head_bytes);
  framing_.reset();
  phase_ = HeadPhase::first_line;
  skipped_empty_line_ = false;
  clear_head(head_);
  head_.text = lines_.buffer();
  head_.method = Method::other;
  head_.method_length = 0;
  head_.target_offset = head_.target_length = 0;
  head_.host_offset = head_.host_length = 0;
  head_.expects_continue = false;
}

Result<Progress> RequestHeadReader::feed(std::span<const std::byte> input, std::uint32_t& taken) {
  WP_ASSERT(phase_ < HeadPhase::complete);
  taken = 0;
  while (phase_ != HeadPhase::complete) {
    const LineCollector::Found found = lines_.collect(input.subspan(taken), taken);
    if (found == LineCollector::Found::need_more) return Progress::need_more;
    if (found == LineCollector::Found::full) {
      // A request line that fills the whole head can only be its target's doing.
      const Reason reason = phase_ == HeadPhase::first_line ? Reason::target_too_long : Reason::head_too_large;
      phase_ = HeadPhase::failed;
      return fail(reason, lines_.used());
    }
    if (const Reason reason = read_line(); reason != Reason::none) {
      phase_ = HeadPhase::failed;
      return fail(reason, refused_at_);
    }
  }
  return Progress::complete;
}

Reason RequestHeadReader::read_line() {
  if (!lines_.ends_in_crlf()) {
    refused_at_ = lines_.used() - 1;
    return Reason::bad_line_end;
  }
  const Reason reason = phase_ == HeadPhase::first_line ? read_first_line() : read_field();
  lines_.next_line();
  return reason;
}

Reason RequestHeadReader::read_first_line() {
  if (lines_.line_end() == 0) {
    refused_at_ = 0;
    if (skipped_empty_line_) return Reason::bad_request_line;
    skipped_empty_line_ = true;
    lines_.drop();
    return Reason::none;
  }
  phase_ = HeadPhase::fields;
  return read_request_line(lines_.buffer(), lines_.line_end(), limits_.target_bytes, head_, refused_at_);
}

Reason RequestHeadReader::read_field() {
  if (lines_.line_start() == lines_.line_end()) return finish();
  const std::uint32_t seen = head_.names;
  const Reason reason =
      append_field(head_, lines_.line_start(), lines_.line_end(), limits_.fields, framing_, refused_at_);
  if (reason != Reason::none) return reason;

  const Field& field = head_.fields[head_.field_count - 1];
  const bool repeated = field.name != Name::other && (seen & HeadBase::name_bit(field.name)) != 0;
  refused_at_ = field.value_offset;
  if (field.name == Name::host) return repeated ? Reason::bad_host : note_host(field);
  if (field.name == Name::expect) {
    const bool known = syntax::equals_folded(head_.value(field), "100-continue");
    return repeated || !known ? Reason::bad_expectation : Reason::none;
  }
  return Reason::none;
}

// RFC 9112 section 3.2.2 lets absolute-form override Host. Whoever behind us reads the other one is then led astray, so
// the two must agree.
Reason RequestHeadReader::note_host(const Field& field) {
  const std::string_view value = head_.value(field);
  const bool absolute_form = head_.host_length > 0;
  if (!is_valid_authority(value) || (absolute_form && !same_authority(value, head_.host()))) return Reason::bad_host;
  head_.host_offset = field.value_offset;
  head_.host_length = field.value_length;
  return Reason::none;
}

Reason RequestHeadReader::finish() {
  refused_at_ = lines_.line_start();
  if (head_.minor_version >= 1 && !head_.has(Name::host)) return Reason::missing_host;
  head_.text = lines_.buffer().first(lines_.used());
  if (const Reason reason = apply_connection_options(head_, refused_at_); reason != Reason::none) return reason;
  head_.content_length = framing_.length();
  if (framing_.is_chunked()) head_.framing = Framing::chunked;
  if (framing_.has_length()) head_.framing = Framing::length;
  // Only HTTP/1.1 knows 100 Continue, and without content there is nothing to continue with (RFC 9110 section 10.1.1).
  const bool content = framing_.is_chunked() || framing_.length() > 0;
  head_.expects_continue = content && head_.minor_version >= 1 && head_.has(Name::expect);
  phase_ = HeadPhase::complete;
  return Reason::none;
}

}  // namespace wp::http
