#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/http/authority.h"
#include "dataplane/http/connection_options.h"
#include "dataplane/http/field_section.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/names.h"
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
  flaw_ = Ambiguity::none;
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
    const bool whole = found == LineCollector::Found::line && lines_.ends_in_crlf();
    flaw_ = whole ? read_line() : judge_beginning(found);
    if (flaw_ != Ambiguity::none) {
      phase_ = HeadPhase::failed;
      return fail(reason_of(flaw_), refused_at_);
    }
    if (found == LineCollector::Found::need_more) return Progress::need_more;
  }
  return Progress::complete;
}

Ambiguity RequestHeadReader::read_line() {
  const Ambiguity flaw = phase_ == HeadPhase::first_line ? read_first_line() : read_field();
  lines_.next_line();
  return flaw;
}

// A line without CRLF: still to come, ended by LF alone, or too long.
Ambiguity RequestHeadReader::judge_beginning(LineCollector::Found found) {
  const std::uint32_t start = lines_.line_start();
  const std::uint32_t end = lines_.beginning_end();
  const bool first = phase_ == HeadPhase::first_line;
  Ambiguity flaw = Ambiguity::none;
  if (start < end) {
    flaw = first ? read_request_line(lines_.buffer(), end, Extent::beginning, limits_.target_bytes, head_, refused_at_)
                 : judge_field_beginning(head_, start, end, limits_.fields, refused_at_);
  }
  if (flaw != Ambiguity::none || found == LineCollector::Found::need_more) return flaw;
  refused_at_ = end;
  if (found == LineCollector::Found::line) return Ambiguity::bare_lf;
  refused_at_ = lines_.used();
  // A request line that fills the whole head can only be its target's doing.
  return first ? Ambiguity::long_target : Ambiguity::long_head;
}

Ambiguity RequestHeadReader::read_first_line() {
  if (lines_.line_end() == 0) {
    refused_at_ = 0;
    if (skipped_empty_line_) return Ambiguity::empty_lines;
    skipped_empty_line_ = true;
    lines_.drop();
    return Ambiguity::none;
  }
  phase_ = HeadPhase::fields;
  return read_request_line(lines_.buffer(), lines_.line_end(), Extent::whole, limits_.target_bytes, head_, refused_at_);
}

Ambiguity RequestHeadReader::read_field() {
  if (lines_.line_start() == lines_.line_end()) return finish();
  const std::uint32_t seen = head_.names;
  const Ambiguity flaw =
      append_field(head_, lines_.line_start(), lines_.line_end(), limits_.fields, framing_, refused_at_);
  if (flaw != Ambiguity::none) return flaw;

  const Field& field = head_.fields[head_.field_count - 1];
  const bool repeated = field.name != Name::other && (seen & HeadBase::name_bit(field.name)) != 0;
  refused_at_ = field.value_offset;
  if (field.name == Name::host) return repeated ? Ambiguity::repeated_host : note_host(field);
  if (field.name == Name::expect) {
    const bool known = syntax::equals_folded(head_.value(field), "100-continue");
    return repeated || !known ? Ambiguity::foreign_expectation : Ambiguity::none;
  }
  return repeated && is_single(field.name) ? Ambiguity::repeated_field : Ambiguity::none;
}

// RFC 9112 section 3.2.2 lets absolute-form override Host. Whoever behind us reads the other one is then led astray, so
// the two must agree.
Ambiguity RequestHeadReader::note_host(const Field& field) {
  const std::string_view value = head_.value(field);
  const bool absolute_form = head_.host_length > 0;
  if (!is_valid_authority(value)) return Ambiguity::malformed_host;
  if (absolute_form && !same_authority(value, head_.host())) return Ambiguity::contradicting_host;
  head_.host_offset = field.value_offset;
  head_.host_length = field.value_length;
  return Ambiguity::none;
}

Ambiguity RequestHeadReader::finish() {
  refused_at_ = lines_.line_start();
  if (head_.minor_version >= 1 && !head_.has(Name::host)) return Ambiguity::missing_host;
  head_.text = lines_.buffer().first(lines_.used());
  if (const Ambiguity flaw = apply_connection_options(head_, refused_at_); flaw != Ambiguity::none) return flaw;
  head_.content_length = framing_.length();
  if (framing_.is_chunked()) head_.framing = Framing::chunked;
  if (framing_.has_length()) head_.framing = Framing::length;
  // Only HTTP/1.1 knows 100 Continue, and without content there is nothing to continue with (RFC 9110 section 10.1.1).
  const bool content = framing_.is_chunked() || framing_.length() > 0;
  head_.expects_continue = content && head_.minor_version >= 1 && head_.has(Name::expect);
  phase_ = HeadPhase::complete;
  return Ambiguity::none;
}

}  // namespace wp::http
