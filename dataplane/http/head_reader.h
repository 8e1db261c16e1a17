// Reads one head, fed in any pieces. A line is judged from left to right, as far as it has come, so that the verdict
// does not depend on how the bytes were cut, and a hostile line is refused at its first wrong byte.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/result.h"
#include "dataplane/http/ambiguity.h"
#include "dataplane/http/framing_fields.h"
#include "dataplane/http/head.h"

namespace wp::http {

enum class Progress : std::uint8_t { need_more, complete };

// Collects a head's bytes in the caller's buffer and finds its lines. Shared by both roles.
class LineCollector {
 public:
  enum class Found : std::uint8_t { need_more, line, full };

  // `limit`: bytes that the head may have; the buffer must hold as many.
  void reset(std::span<char> buffer, std::uint32_t limit);

  // Copies from the front of `input` up to the next LF, or as much as there is room for; adds to `taken` what it took.
  // `full`: the room is used up and its last line has no end.
  [[nodiscard]] Found collect(std::span<const std::byte> input, std::uint32_t& taken);

  // The line that was found, without its CRLF: [line_start, line_end) of the buffer.
  [[nodiscard]] std::uint32_t line_start() const { return line_start_; }
  [[nodiscard]] std::uint32_t line_end() const { return used_ - 2; }
  // What may be judged of a line that does not end in CRLF: without its LF, if it has that, and without a CR at its
  // end, for an LF may follow.
  [[nodiscard]] std::uint32_t beginning_end() const {
    const bool ends = used_ > line_start_ && (buffer_[used_ - 1] == '\n' || buffer_[used_ - 1] == '\r');
    return ends ? used_ - 1 : used_;
  }
  [[nodiscard]] bool ends_in_crlf() const { return used_ - line_start_ >= 2 && buffer_[used_ - 2] == '\r'; }
  void next_line() { line_start_ = used_; }
  // Forgets all bytes: what was read was no part of a head.
  void drop() { used_ = line_start_ = 0; }

  [[nodiscard]] std::span<char> buffer() const { return buffer_; }
  [[nodiscard]] std::uint32_t used() const { return used_; }

 private:
  std::span<char> buffer_;
  std::uint32_t used_ = 0;
  std::uint32_t line_start_ = 0;
};

// Where a reader stands. Feeding one that is complete or failed is a programmer's error.
enum class HeadPhase : std::uint8_t { first_line, fields, complete, failed };

class RequestHeadReader {
 public:
  explicit RequestHeadReader(const HeadLimits& limits);

  // Begins a new head in `buffer`, which must stay put until the head is no longer used.
  void begin(std::span<char> buffer);

  // Takes bytes from the front of `input` and says how many in `taken`: never a byte behind the head's blank line. One
  // empty line before the request line is skipped (RFC 9112 section 2.2). After `complete`, head() is valid; after an
  // error the connection is of no further use. Errors are the client's, with the offset from the start of the head.
  [[nodiscard]] Result<Progress> feed(std::span<const std::byte> input, std::uint32_t& taken);

  [[nodiscard]] const RequestHead& head() const { return head_; }
  // Which row of the verdict table an error came from.
  [[nodiscard]] Ambiguity flaw() const { return flaw_; }
  // Nothing of a head has arrived: the connection may be closed without a reply.
  [[nodiscard]] bool idle() const { return lines_.used() == 0; }

 private:
  [[nodiscard]] Ambiguity read_line();
  [[nodiscard]] Ambiguity read_first_line();
  [[nodiscard]] Ambiguity read_field();
  [[nodiscard]] Ambiguity note_host(const Field& field);
  [[nodiscard]] Ambiguity finish();
  [[nodiscard]] Ambiguity judge_beginning(LineCollector::Found found);

  HeadLimits limits_;
  LineCollector lines_;
  FramingFields framing_;
  HeadPhase phase_ = HeadPhase::failed;  // until begin()
  Ambiguity flaw_ = Ambiguity::none;
  std::uint32_t refused_at_ = 0;
  bool skipped_empty_line_ = false;
  RequestHead head_;
};

// What a reply answers decides how its body is framed (RFC 9112 section 6.3). Errors are the replica's:
// replica_bad_framing for Content-Length and Transfer-Encoding, replica_bad_head for everything else.
class ReplyHeadReader {
 public:
  explicit ReplyHeadReader(const HeadLimits& limits);
  void begin(std::span<char> buffer, Method answered);
  [[nodiscard]] Result<Progress> feed(std::span<const std::byte> input, std::uint32_t& taken);
  [[nodiscard]] const ReplyHead& head() const { return head_; }
  [[nodiscard]] Ambiguity flaw() const { return flaw_; }
  [[nodiscard]] bool idle() const { return lines_.used() == 0; }

 private:
  [[nodiscard]] Ambiguity read_line();
  [[nodiscard]] Ambiguity finish();
  [[nodiscard]] Ambiguity judge_beginning(LineCollector::Found found);

  HeadLimits limits_;
  LineCollector lines_;
  FramingFields framing_;
  HeadPhase phase_ = HeadPhase::failed;  // until begin()
  Ambiguity flaw_ = Ambiguity::none;
  std::uint32_t refused_at_ = 0;
  ReplyHead head_;
  Method answered_ = Method::get;
};

}  // namespace wp::http
