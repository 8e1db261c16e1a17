#include "dataplane/base/assert.h"
#include "dataplane/http/connection_options.h"
#include "dataplane/http/field_section.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/status_line.h"

namespace wp::http {
namespace {

// Says in the words for a replica what the shared parts say in those for a client.
Reason blame_replica(Reason reason) {
  const bool framing = reason == Reason::ambiguous_framing || reason == Reason::bad_content_length ||
                       reason == Reason::bad_transfer_encoding;
  return framing ? Reason::replica_bad_framing : Reason::replica_bad_head;
}

}  // namespace

ReplyHeadReader::ReplyHeadReader(const HeadLimits& limits) : limits_(limits) {
  WP_ASSERT(limits.head_bytes <= 64 * 1024);  // a name's length has 16 bits
  WP_ASSERT(limits.fields <= HeadLimits::kMaxFields);
}

void ReplyHeadReader::begin(std::span<char> buffer, Method answered) {
  lines_.reset(buffer, limits_.head_bytes);
  framing_.reset();
  phase_ = HeadPhase::first_line;
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
    if (found == LineCollector::Found::need_more) return Progress::need_more;
    if (found == LineCollector::Found::full) {
      phase_ = HeadPhase::failed;
      return fail(Reason::replica_bad_head, lines_.used());
    }
    if (const Reason reason = read_line(); reason != Reason::none) {
      phase_ = HeadPhase::failed;
      return fail(blame_replica(reason), refused_at_);
    }
  }
  return Progress::complete;
}

Reason ReplyHeadReader::read_line() {
  if (!lines_.ends_in_crlf()) {
    refused_at_ = lines_.used() - 1;
    return Reason::bad_line_end;
  }
  const std::uint32_t start = lines_.line_start();
  const std::uint32_t end = lines_.line_end();
  lines_.next_line();
  if (phase_ == HeadPhase::first_line) {
    phase_ = HeadPhase::fields;
    return read_status_line(lines_.buffer(), end, head_, refused_at_);
  }
  if (start == end) return finish();
  return append_field(head_, start, end, limits_.fields, framing_, refused_at_);
}

// RFC 9112 section 6.3, in its order.
Reason ReplyHeadReader::finish() {
  head_.text = lines_.buffer().first(lines_.used());
  if (const Reason reason = apply_connection_options(head_, refused_at_); reason != Reason::none) return reason;
  head_.content_length = framing_.length();
  const bool never_has_body = head_.interim() || head_.status == 204;
  refused_at_ = lines_.used() - 2;
  if (never_has_body && framing_.any()) return Reason::ambiguous_framing;
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
  return Reason::none;
}

}  // namespace wp::http
