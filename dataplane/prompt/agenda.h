// What of a canonical stream is still to be written, the next thing last: a stack that stands for the calls of a
// recursive writer, so that writing may stop anywhere and go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/tape.h"

namespace wp::prompt {

enum class Task : std::uint8_t {
  end,       // of an array, object or result
  entries,   // of an array, then its end
  members,   // of an object in the order of the body, then its end
  sorted,    // of an object in the order of their keys, then its end
  value,     // a piece and a value
  text,      // a piece and a text
  tools,     // objects, a piece each
  messages,  // objects
  content,   // of a message or a result
  parts,     // of a content
  end_turn,  // of a turn with an end of its own
  end_bare,  // of a turn without
  prompts,   // strings, arrays of tokens, parts
  tokens,    // of one prompt, then its end
  items,     // of /v1/responses
};

struct Frame {
  Task task;
  Piece piece = Piece::role;  // of value, text, tools
  bool bare = false;          // of members: without cache_control
  bool media = false;         // texts may be pictures, sound or files
  bool question = false;      // of the ends of turns: the user's
  std::uint32_t left = 0;     // entries or members
  std::uint32_t run = 0;      // of sorted: where its members begin
  Value at = {};              // the next entry or key; the value
};

class Agenda {
 public:
  void clear() { frames_.clear(); }
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] Frame& top() { return frames_.back(); }
  [[nodiscard]] std::size_t depth() const { return frames_.size(); }
  void push(const Frame& frame) { frames_.push_back(frame); }
  void pop() { frames_.pop_back(); }

  // The next entry or key and value of the top frame, which has one left.
  Value take() {
    Frame& frame = top();
    --frame.left;
    const Value value = frame.at;
    frame.at = value.next();
    return value;
  }

 private:
  std::vector<Frame> frames_;  // a few for each level of nesting, so it stops growing early and stays
};

}  // namespace wp::prompt
