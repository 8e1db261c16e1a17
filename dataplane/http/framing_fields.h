// What Content-Length and Transfer-Encoding say together (RFC 9112 section 6), judged as each of them is read.
// Stricter than the RFC where it leaves a choice: no second Content-Length even if equal, no list, no coding but
// chunked, once.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/http/ambiguity.h"

namespace wp::http {

class FramingFields {
 public:
  void reset() { *this = {}; }

  // Both return Ambiguity::none, or what refuses the head.
  [[nodiscard]] Ambiguity note_content_length(std::string_view value);
  // Chunked came with HTTP/1.1: `minor_version` 0 may not use it (RFC 9112 section 6.1).
  [[nodiscard]] Ambiguity note_transfer_encoding(std::string_view value, std::uint8_t minor_version);

  [[nodiscard]] bool has_length() const { return has_length_; }
  [[nodiscard]] bool is_chunked() const { return is_chunked_; }
  [[nodiscard]] bool any() const { return has_length_ || is_chunked_; }
  [[nodiscard]] std::uint64_t length() const { return length_; }  // bytes; 0 without Content-Length

 private:
  std::uint64_t length_ = 0;
  bool has_length_ = false;
  bool is_chunked_ = false;
};

}  // namespace wp::http
