// Finds the usage object of one JSON text that comes in pieces: a reply, or what one event of a streamed reply carries.
// It keeps where it is and a few figures, never the text; what it need not understand it passes over 16 bytes at a
// time. It follows strings and brackets, so that no content can be taken for usage, and judges nothing else: whether
// the text is JSON to its last byte is the client's to say.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/prompt/features.h"
#include "dataplane/prompt/usage.h"

namespace wp::prompt {

class UsageText {
 public:
  // A new text of a reply to that API.
  void begin(Api api);

  void feed(std::string_view piece);

  // The outermost object is complete and had a usage object where the API has it: member `usage` of the outermost
  // object; of events of /v1/responses that of `response`, of /v1/messages that of `message` too. A figure that
  // stands twice counts as it stands last. Keys with escapes are no keys here: nobody writes these with any.
  [[nodiscard]] bool found() const { return complete_ && has_usage_; }
  // Of what was found.
  [[nodiscard]] const UsageFigures& figures() const { return figures_; }

  // The outermost object is complete, and its `choices` are there and empty: with usage, that of a chunk which tells
  // nothing else.
  [[nodiscard]] bool choices_empty() const { return complete_ && choices_ == Choices::empty; }
  // Its `choices` have something in them, whatever follows.
  [[nodiscard]] bool choices_filled() const { return choices_ == Choices::filled; }

  // The outermost object goes on.
  [[nodiscard]] bool unfinished() const { return state_ != State::over; }

  // Whether a whole text may have what found() looks for; false is certain. Costs a scan and no state.
  [[nodiscard]] static bool possible(std::string_view text);

 private:
  // Objects that are looked into.
  enum class Node : std::uint8_t { outermost, holder, usage, details, timings };
  enum class State : std::uint8_t {
    members,     // in an object that is looked into, where expected_ says
    key,         // in one of its keys
    key_escape,  // behind a backslash there
    number,      // in a figure
    text,        // in any other string
    text_escape,
    nested,  // in what is not looked into, outside strings
    over,    // nothing that follows matters
  };
  enum class Expected : std::uint8_t { object, key, colon, value, comma, scalar_end };
  enum class Choices : std::uint8_t { absent, open, empty, filled };

  [[nodiscard]] const char* pass_text(const char* at, const char* end);
  [[nodiscard]] const char* pass_nested(const char* at, const char* end);
  [[nodiscard]] const char* pass_key(const char* at, const char* end);
  [[nodiscard]] const char* pass_members(const char* at, const char* end);
  void take_number(char c);
  void take_member(char c);
  void take_value(char c);
  void open_object();
  void open_array();
  void close_object();
  [[nodiscard]] std::string_view key() const;
  // The figure that the key at hand names, in the object at hand.
  [[nodiscard]] bool names_figure(UsageFigures::Name& name) const;

  static constexpr std::size_t kLongestKey = 32;
  static constexpr std::uint8_t kNoKey = 255;           // longer, or with an escape
  static constexpr std::uint32_t kDeepest = 1U << 20U;  // brackets; no engine's reply has ten

  std::uint64_t number_ = 0;
  std::uint32_t nested_ = 0;  // brackets open within what is not looked into
  UsageFigures figures_;
  UsageFigures::Name figure_ = UsageFigures::Name::prompt;  // that number_ will be
  Api api_ = Api::none;
  State state_ = State::over;
  Expected expected_ = Expected::object;
  Choices choices_ = Choices::absent;
  bool has_usage_ = false;
  bool complete_ = false;
  std::uint8_t depth_ = 0;  // of nodes_
  std::array<Node, 4> nodes_{};
  std::uint8_t key_length_ = 0;
  std::array<char, kLongestKey> key_{};
};

}  // namespace wp::prompt
