// The trailer section of a chunked body (RFC 9112 section 7.1.2), a byte at a time: checked as strictly as a head, then
// dropped. Nothing behind us needs a trailer, and merging one into the fields is how framing is smuggled.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/names.h"
#include "dataplane/http/verdict.h"

namespace wp::http {

class Trailers {
 public:
  static constexpr std::uint32_t kMaxFields = 32;
  static constexpr std::uint32_t kMaxBytes = 8 * 1024;  // the whole section with its blank line

  void begin();
  // `complete` with the blank line's LF.
  [[nodiscard]] Verdict take(char byte);
  // What refused the section.
  [[nodiscard]] Ambiguity flaw() const { return flaw_; }

 private:
  enum class State : std::uint8_t { line_start, name, value, line_feed, last_line_feed };

  [[nodiscard]] bool take_name(char byte);

  std::uint32_t bytes_ = 0;
  std::uint32_t fields_ = 0;
  std::uint32_t name_length_ = 0;
  std::array<char, kLongestKnownName> name_{};  // the start of it, in lower case, '_' as '-'
  State state_ = State::line_start;
  Ambiguity flaw_ = Ambiguity::none;
};

}  // namespace wp::http
