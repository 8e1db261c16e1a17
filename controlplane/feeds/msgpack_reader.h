// msgpack (github.com/msgpack/msgpack, spec.md) read value by value, without a copy and strictly: what is cut short, or
// of a type that is reserved, is an error that sticks. Bytes come from outside; nothing is taken on trust that they say
// of lengths. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wp::feeds {

struct MsgpackValue {
  enum class Kind : std::uint8_t { none, nil, boolean, integer, natural, real, text, bytes, array, map, extension };
  Kind kind = Kind::none;
  bool truth = false;
  std::int64_t integer = 0;   // below 0
  std::uint64_t natural = 0;  // from 0 on
  double real = 0;
  std::string_view text = {};  // of text, bytes and extensions; of the reader's input
  std::uint32_t size = 0;      // of an array; of a map, in pairs: that many values follow, or twice as many
};

class MsgpackReader {
 public:
  // As deep as skip() goes into arrays and maps.
  static constexpr std::uint32_t kMaxDepth = 16;

  explicit MsgpackReader(std::string_view input) : rest_(input) {}

  // The next value; of arrays and maps the head. Kind::none when there is none, or no more that is right.
  [[nodiscard]] MsgpackValue next();
  // Passes over the next value and all that is in it. False: it is not right, or too deep.
  [[nodiscard]] bool skip() { return skip(0); }
  // Passes over what is in a value whose head was read.
  [[nodiscard]] bool skip_inside(const MsgpackValue& head) { return skip_inside(head, 0); }

  // Everything was read, and was right.
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }
  [[nodiscard]] bool good() const { return good_; }
  // Bytes that are left: an array of n values has at least n.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  [[nodiscard]] bool skip(std::uint32_t depth);
  [[nodiscard]] bool skip_inside(const MsgpackValue& head, std::uint32_t depth);
  [[nodiscard]] std::uint64_t take_number(std::size_t bytes);
  [[nodiscard]] std::string_view take(std::size_t bytes);
  [[nodiscard]] MsgpackValue sized(MsgpackValue::Kind kind, std::uint64_t size);
  [[nodiscard]] MsgpackValue read_long(std::uint8_t head);

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace wp::feeds
