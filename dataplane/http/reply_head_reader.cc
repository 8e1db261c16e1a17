#include "dataplane/base/assert.h"
#include "dataplane/http/connection_options.h"
#include "dataplane/http/field_section.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/status_line.h"

namespace wp::http {

ReplyHeadReader::ReplyHeadReader(const HeadLimits& limits) : limits_(limits) {
  WP_ASSERT(limits.head_bytes <= 64 * 1024);  // a name's length has 16 bits
  WP_ASSERT(limits.fields <= HeadLimits::kMaxFields);
}

void ReplyHeadReader::begin(std::span<char> buffer, Method answered) {
  lines_.reset(buffer, limits_.head_bytes);
  framing_.reset();
  phase_ = HeadPhase::first_line;
  flaw_ = Ambiguity::none;
  answered_ = answered;
  clear_head(head_);
  head_.text = lines_.buffer();
  head_.status = 0;
  head_.reason_offset = head_.reason_length = 0;
}

Result<Progress> ReplyHeadReader::feed(std::span<const std::byte> input, std::uint32_t& taken) {
  WP_ASSERT(phase_ < HeadPhase::complete);
  taken = 0;
  while (phase_ != HeadPhase::complete) {
    const LineCollector::Found found = lines_.collect(input.subspan(taken), taken);
    const bool whole = found == LineCollector::Found::line && lines_.ends_in_crlf();
    flaw_ = whole ? read_line() : judge_beginning(found);
    if (flaw_ != Ambiguity::none) {
      phase_ = HeadPhase::failed;
      return fail(blame_replica(reason_of(flaw_)), refused_at_);
    }
    if (found == LineCollector::Found::need_more) return Progress::need_more;
  }
  return Progress::complete;
}

Ambiguity ReplyHeadReader::read_line() {
  const std::uint32_t start = lines_.line_start();
  const std::uint32_t end = lines_.line_end();
  lines_.next_line();
  if (phase_ == HeadPhase::first_line) {
    phase_ = HeadPhase::fields;
    return read_status_line(lines_.buffer(), end, Extent::whole, head_, refused_at_);
  }
  if (start == end) return finish();
  return append_field(head_, start, end, limits_.fields, framing_, refused_at_);
}

// A line without CRLF: still to come, ended by LF alone, or too long.
Ambiguity ReplyHeadReader::judge_beginning(LineCollector::Found found) {
  const std::uint32_t start = lines_.line_start();
  const std::uint32_t end = lines_.beginning_end();
  Ambiguity flaw = Ambiguity::none;
  if (start < end) {
    flaw = phase_ == HeadPhase::first_line
               ? read_status_line(lines_.buffer(), end, Extent::beginning, head_, refused_at_)
               : judge_field_beginning(head_, start, end, limits_.fields, refused_at_);
  }
  if (flaw != Ambiguity::none || found == LineCollector::Found::need_more) return flaw;
  refused_at_ = found == LineCollector::Found::line ? end : lines_.used();
  return found == LineCollector::Found::line ? Ambiguity::bare_lf : Ambiguity::long_head;
}

// RFC 9112 section 6.3, in its order.
Ambiguity ReplyHeadReader::finish() {
  head_.text = lines_.buffer().first(lines_.used());
  if (const Ambiguity flaw = apply_connection_options(head_, refused_at_); flaw != Ambiguity::none) return flaw;
  head_.content_length = framing_.length();
  const bool never_has_body = head_.interim() || head_.status == 204;
  refused_at_ = lines_.used() - 2;
  if (never_has_body && framing_.any()) return Ambiguity::framed_bodiless;
  if (never_has_body || head_.status == 304 || answered_ == Method::head) {
    head_.framing = Framing::none;
  } else if (framing_.is_chunked()) {
    head_.framing = Framing::chunked;
  } else if (framing_.has_length()) {
    head_.framing = Framing::length;
  } else {
    head_.framing = Framing::until_close;
    head_.keep_alive = false;
  }
  phase_ = HeadPhase::complete;
  return Ambiguity::none;
}

}  // namespace wp::http
