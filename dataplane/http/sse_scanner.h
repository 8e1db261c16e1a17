// Finds the events of a server-sent-event stream (HTML standard, section 9.2.6) in bytes cut anywhere: enough to count
// them and to see the first. Relaying needs none of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wp::http {

class SseScanner {
 public:
  // Scans `bytes` and returns how many events ended in them (a blank line after at least one data field). Lines end in
  // LF, CR or CRLF, also when the pair is cut; a byte order mark at the stream's start is skipped.
  [[nodiscard]] std::uint32_t feed(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  // What the line at hand is, as far as it was seen.
  enum class Line : std::uint8_t { mark, start, name, rest };

  [[nodiscard]] bool end_line();
  void take(char c);

  std::uint64_t events_ = 0;
  std::uint8_t matched_ = 0;  // characters seen of the mark or of "data"
  Line line_ = Line::mark;
  bool has_data_ = false;  // the event at hand has a data field
  bool after_cr_ = false;
};

}  // namespace wp::http
