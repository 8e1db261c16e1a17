// Finds the events of a server-sent-event stream (HTML standard, section 9.2.6) in bytes cut anywhere: enough to count
// them, and to hand on what their data lines say. Relaying needs none of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wp::http {

class SseScanner {
 public:
  // One step through a stream's bytes. Lines end in LF, CR or CRLF, also when the pair is cut; a byte order mark at the
  // stream's start is skipped.
  struct Step {
    std::uint32_t taken = 0;  // bytes used up
    // Behind the colon of a data line, the space that may begin it among them: the line, or a part of it.
    std::string_view data;
    bool data_ended = false;  // the line ended
    bool blank = false;       // a blank line was the last that was taken
    bool event = false;       // and it ended an event: at least one data field came before it
  };

  // Goes on to the end of the next data line, to a blank line, or to the end of the bytes; takes at least one if there
  // is one. A data line that is whole in `bytes` comes as one piece.
  [[nodiscard]] Step step(std::span<const std::byte> bytes);

  // All of `bytes`: how many events ended in them.
  [[nodiscard]] std::uint32_t feed(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  // What the line at hand is, as far as it was seen.
  enum class Line : std::uint8_t { mark, start, name, data, rest };

  [[nodiscard]] Step take_data(const char* text, std::uint32_t at, std::uint32_t size);
  [[nodiscard]] bool end_line();
  void take(char c);

  std::uint64_t events_ = 0;
  std::uint8_t matched_ = 0;  // characters seen of the mark or of "data"
  Line line_ = Line::mark;
  bool has_data_ = false;  // the event at hand has a data field
  bool after_cr_ = false;
};

}  // namespace wp::http
