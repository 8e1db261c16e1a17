// The line before a chunk's data (RFC 9112 section 7.1): size, extensions, CRLF, a byte at a time. Extensions are read
// only to find their end and are dropped, as the RFC lets a recipient do; no blank is allowed anywhere outside quotes.
#pragma once

#include <cstdint>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/verdict.h"

namespace wp::http {

class ChunkLine {
 public:
  static constexpr std::uint32_t kMaxSizeDigits = 16;                 // leading zeros among them
  static constexpr std::uint32_t kMaxExtensionBytes = 256;            // in one line
  static constexpr std::uint32_t kMaxBodyExtensionBytes = 16 * 1024;  // in all lines of a body

  void begin_body();
  void begin_line();
  [[nodiscard]] Verdict take(char byte);
  // What refused the line.
  [[nodiscard]] Ambiguity flaw() const { return flaw_; }
  // Bytes of data in the chunk; valid once a line is complete.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  enum class State : std::uint8_t {
    size,
    name_start,
    name,
    value_start,
    value,
    quoted,
    escaped,
    quoted_end,
    line_feed
  };

  [[nodiscard]] bool take_size(char byte);
  [[nodiscard]] bool take_extension(char byte);
  [[nodiscard]] bool take_quoted(char byte);
  // What may follow a finished name or value: another extension or the line's end.
  [[nodiscard]] bool take_boundary(char byte);

  std::uint64_t size_ = 0;
  std::uint32_t digits_ = 0;
  std::uint32_t line_extension_bytes_ = 0;
  std::uint32_t body_extension_bytes_ = 0;
  State state_ = State::size;
  Ambiguity flaw_ = Ambiguity::none;
};

}  // namespace wp::http
