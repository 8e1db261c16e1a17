// A JSON document as a flat list of values, in the order of the body: an array is followed by its entries, an object by
// a text and a value for each member. Texts are unescaped and lie in the body where they have no escapes.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace wp::prompt {

enum class Kind : std::uint8_t { null, no, yes, integer, natural, real, text, array, object };

// Without a value of its own, so that making a tape touches none of its memory.
struct Node {
  std::uint64_t payload;  // int64, uint64 from 2^63 on, double, address of the text, nodes of an array or object
  std::uint32_t size;     // bytes of a text, entries, members
  Kind kind;
};

// A place on the tape. Valid as long as that and the body.
class Value {
 public:
  Value() = default;
  explicit Value(const Node* node) : node_(node) {}

  [[nodiscard]] bool exists() const { return node_ != nullptr; }
  [[nodiscard]] const Node* node() const { return node_; }
  [[nodiscard]] Kind kind() const { return node_->kind; }
  [[nodiscard]] bool is(Kind kind) const { return node_->kind == kind; }

  // Of a text.
  [[nodiscard]] std::string_view text() const {
    return {std::bit_cast<const char*>(static_cast<std::uintptr_t>(node_->payload)), node_->size};
  }
  // Of an integer, a natural or a real.
  [[nodiscard]] std::int64_t integer() const { return static_cast<std::int64_t>(node_->payload); }
  [[nodiscard]] std::uint64_t natural() const { return node_->payload; }
  [[nodiscard]] double real() const { return std::bit_cast<double>(node_->payload); }
  // Entries of an array, members of an object.
  [[nodiscard]] std::uint32_t size() const { return node_->size; }

  // The first entry of an array that has one, the first key of an object.
  [[nodiscard]] Value first() const { return Value(node_ + 1); }
  // Of two on one tape: this one comes first.
  [[nodiscard]] bool is_before(Value other) const { return node_ < other.node_; }

  // What stands behind this value.
  [[nodiscard]] Value next() const { return Value(node_ + (node_->kind >= Kind::array ? node_->payload : 1)); }

 private:
  const Node* node_ = nullptr;
};

}  // namespace wp::prompt
