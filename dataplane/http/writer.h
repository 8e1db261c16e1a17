// Writes heads and framing from values. Every function appends to a Writer over memory the caller owns; a Writer that
// runs out of room remembers it and writes nothing more, so that one check at the end is enough.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/http/head.h"

namespace wp::http {

class Writer {
 public:
  explicit Writer(std::span<std::byte> room) : room_(room) {}
  void text(std::string_view piece);
  void number(std::uint64_t value);  // decimal
  void hex(std::uint64_t value);     // lower case, no prefix
  // "name: value\r\n". The value must hold no control byte but HTAB: asserted, because a head from the reader cannot.
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, std::uint64_t value);
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] std::uint32_t size() const { return used_; }
  [[nodiscard]] std::span<const std::byte> written() const { return room_.first(used_); }

 private:
  std::span<std::byte> room_;
  std::uint32_t used_ = 0;
  bool overflowed_ = false;
};

// "METHOD target HTTP/1.1\r\n"
void write_request_line(Writer& out, std::string_view method, std::string_view target);
// "HTTP/1.1 status reason\r\n"; an empty reason gets the standard phrase.
void write_status_line(Writer& out, std::uint16_t status, std::string_view reason);
// All end-to-end fields of a head in order, except Host, Content-Length and whatever `skip` names: hop-by-hop fields,
// Expect and framing are always left out. The caller writes framing, Host and its own fields. Name::other cannot be
// skipped: asserted.
void write_end_to_end_fields(Writer& out, const HeadBase& head, std::span<const Name> skip);
// "Content-Length: n\r\n" or "Transfer-Encoding: chunked\r\n"; nothing for none and until_close.
void write_framing(Writer& out, Framing framing, std::uint64_t content_length);
void write_end_of_head(Writer& out);

// "size\r\n" before a chunk's data and "\r\n" behind it; the last chunk is "0\r\n\r\n". A chunk line has at most 18
// bytes.
void write_chunk_start(Writer& out, std::uint64_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

[[nodiscard]] std::string_view standard_phrase(std::uint16_t status);

}  // namespace wp::http
