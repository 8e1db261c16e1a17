// Reads one side of a connection, fed in any pieces, and writes down what came of it: heads, payloads, ends, errors.
// Two ways of cutting the same bytes must give equal transcripts. Unit tests and fuzz targets share it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"

namespace wp::http::test {

struct Terms {
  bool replies = false;           // else requests
  Method answered = Method::get;  // what the replies answer
  HeadLimits limits;
};

struct Message {
  std::string head;       // every value of the head in words
  std::string forwarded;  // the head as it is written to the next hop
  std::string payload;
  bool complete = false;
  std::uint64_t end = 0;  // bytes of the connection up to its end, when complete

  friend bool operator==(const Message&, const Message&) = default;
};

struct Transcript {
  std::vector<Message> messages;
  std::optional<Error> error;
  bool waits_inside_head = false;  // the input ended behind the first byte of a head
  bool last = false;               // a complete message was the connection's last: what follows was not read

  friend bool operator==(const Transcript&, const Transcript&) = default;
};

// One line a value, for comparison and for a failure's message.
[[nodiscard]] std::string describe(const RequestHead& head);
[[nodiscard]] std::string describe(const ReplyHead& head);
[[nodiscard]] std::string describe(const Transcript& transcript);

// As the proxy would: method, target, Host, end-to-end fields, framing.
[[nodiscard]] std::string forward(const RequestHead& head);
[[nodiscard]] std::string forward(const ReplyHead& head);

class Conversation {
 public:
  explicit Conversation(const Terms& terms);
  // Each piece is copied to memory of its own size, so that the address sanitizer sees a read past its end.
  void feed(std::string_view piece);
  // The peer closed.
  [[nodiscard]] Transcript finish();

 private:
  void begin_message();
  void read(std::span<const std::byte> input);
  std::uint32_t read_head(std::span<const std::byte> input);
  std::uint32_t read_body(std::span<const std::byte> input);
  void end_message();

  Terms terms_;
  std::vector<char> buffer_;
  RequestHeadReader requests_;
  ReplyHeadReader replies_;
  BodyReader body_;
  Transcript transcript_;
  std::uint64_t consumed_ = 0;
  bool in_body_ = false;
};

[[nodiscard]] Transcript read_whole(const Terms& terms, std::string_view bytes);
// In pieces of `size` bytes.
[[nodiscard]] Transcript read_in_pieces(const Terms& terms, std::string_view bytes, std::size_t size);
// In two pieces, cut before `at`.
[[nodiscard]] Transcript read_cut(const Terms& terms, std::string_view bytes, std::size_t at);

}  // namespace wp::http::test
