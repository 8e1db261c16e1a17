#include "dataplane/prompt/usage_text.h"

#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/byte_search.h"

namespace wp::prompt {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool UsageText::possible(std::string_view text) {
  constexpr std::string_view kKey = "\"usage\"";
  const char* end = text.data() + text.size();
  for (const char* at = text.data();; ++at) {
    at = find_pair(at, end, kKey[0], kKey[1]);
    if (at == end) return false;
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    if (!rest.starts_with(kKey)) continue;
    // Chunks that have nothing to tell say null here, all day long.
    std::size_t behind = kKey.size();
    while (behind < rest.size() && (is_space(rest[behind]) || rest[behind] == ':')) ++behind;
    if (behind < rest.size() && rest[behind] == '{') return true;
  }
}

void UsageText::begin(Api api) {
  api_ = api;
  state_ = State::members;
  expected_ = Expected::object;
  choices_ = Choices::absent;
  has_usage_ = false;
  complete_ = false;
  depth_ = 0;
  nested_ = 0;
  key_length_ = kNoKey;
  figures_ = {};
}

void UsageText::feed(std::string_view piece) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (at != end) {
    switch (state_) {
      case State::over: return;
      case State::text: at = pass_text(at, end); break;
      case State::nested: at = pass_nested(at, end); break;
      case State::key: at = pass_key(at, end); break;
      case State::number: take_number(*at++); break;
      case State::members: at = pass_members(at, end); break;
      case State::key_escape:
        ++at;
        state_ = State::key;
        break;
      case State::text_escape:
        ++at;
        state_ = State::text;
        break;
    }
  }
}

const char* UsageText::pass_members(const char* at, const char* end) {
  do take_member(*at++);
  while (at != end && state_ == State::members);
  return at;
}

const char* UsageText::pass_text(const char* at, const char* end) {
  at = find_string_end(at, end);
  if (at == end) return end;
  state_ = *at == '\\' ? State::text_escape : nested_ > 0 ? State::nested : State::members;
  return at + 1;
}

const char* UsageText::pass_nested(const char* at, const char* end) {
  if (choices_ == Choices::open) {
    while (at != end && is_space(*at)) ++at;
    if (at == end) return end;
    choices_ = *at == ']' ? Choices::empty : Choices::filled;
  }
  do {
    at = find_structure(at, end);
    if (at == end) return end;
    switch (*at++) {
      case '"':
        state_ = State::text;
        at = pass_text(at, end);
        break;
      case '{':
      case '[':
        if (++nested_ > kDeepest) state_ = State::over;
        break;
      default:
        if (--nested_ == 0) state_ = State::members;
    }
  } while (at != end && state_ == State::nested);
  return at;
}

const char* UsageText::pass_key(const char* at, const char* end) {
  const char* stop = find_string_end(at, end);
  const auto size = static_cast<std::size_t>(stop - at);
  if (key_length_ != kNoKey && size <= kLongestKey - key_length_) {
    std::memcpy(key_.data() + key_length_, at, size);
    key_length_ = static_cast<std::uint8_t>(key_length_ + size);
  } else {
    key_length_ = kNoKey;
  }
  if (stop == end) return end;
  if (*stop == '"') {
    state_ = State::members;
    expected_ = Expected::colon;
  } else {
    key_length_ = kNoKey;
    state_ = State::key_escape;
  }
  return stop + 1;
}

void UsageText::take_number(char c) {
  if (is_digit(c)) {
    if (number_ <= UsageFigures::kMost) number_ = number_ * 10 + static_cast<unsigned>(c - '0');
    return;
  }
  state_ = State::members;
  expected_ = Expected::scalar_end;
  // Behind a fraction or an exponent it would be another number.
  if ((c == ',' || c == '}' || is_space(c)) && number_ <= UsageFigures::kMost) {
    figures_.set(figure_, static_cast<std::uint32_t>(number_));
  }
  take_member(c);
}

void UsageText::take_member(char c) {
  if (expected_ == Expected::scalar_end && c != ',' && c != '}') return;
  if (is_space(c)) return;
  switch (expected_) {
    case Expected::object:
      if (c != '{') break;
      return open_object();
    case Expected::key:
      if (c == '}') return close_object();
      if (c != '"') break;
      key_length_ = 0;
      state_ = State::key;
      return;
    case Expected::colon:
      if (c != ':') break;
      expected_ = Expected::value;
      return;
    case Expected::value: return take_value(c);
    case Expected::comma:
    case Expected::scalar_end:
      if (c == '}') return close_object();
      if (c != ',') break;
      expected_ = Expected::key;
      return;
  }
  state_ = State::over;  // no JSON object
}

void UsageText::take_value(char c) {
  expected_ = Expected::comma;
  switch (c) {
    case '"': state_ = State::text; return;
    case '{': return open_object();
    case '[': return open_array();
    default: break;
  }
  expected_ = Expected::scalar_end;
  if (!is_digit(c) || !names_figure(figure_)) return;
  number_ = static_cast<unsigned>(c - '0');
  state_ = State::number;
}

std::string_view UsageText::key() const {
  return key_length_ == kNoKey ? std::string_view() : std::string_view(key_.data(), key_length_);
}

bool UsageText::names_figure(UsageFigures::Name& name) const {
  using Name = UsageFigures::Name;
  const std::string_view found = key();
  const auto is = [&](std::string_view wanted, Name meant) {
    if (found != wanted) return false;
    name = meant;
    return true;
  };
  switch (nodes_[depth_ - 1]) {
    case Node::usage:
      return is("prompt_tokens", Name::prompt) || is("input_tokens", Name::prompt) ||
             is("completion_tokens", Name::completion) || is("output_tokens", Name::completion) ||
             is("cache_read_input_tokens", Name::cache_read) || is("cache_creation_input_tokens", Name::cache_creation);
    case Node::details: return is("cached_tokens", Name::cached);
    case Node::timings: return is("cache_n", Name::timings);
    default: return false;
  }
}

void UsageText::open_object() {
  const auto enter = [this](Node node) {
    WP_ASSERT(depth_ < nodes_.size());  // each kind stands in one that comes before it
    nodes_[depth_++] = node;
    expected_ = Expected::key;
  };
  if (depth_ == 0) return enter(Node::outermost);
  const std::string_view name = key();
  const Node in = nodes_[depth_ - 1];
  if (name == "usage" && (in == Node::outermost || in == Node::holder)) {
    has_usage_ = true;
    return enter(Node::usage);
  }
  if (in == Node::outermost) {
    if (api_ == Api::responses && name == "response") return enter(Node::holder);
    if (api_ == Api::messages && name == "message") return enter(Node::holder);
    if (name == "timings") return enter(Node::timings);
  }
  if (in == Node::usage && (name == "prompt_tokens_details" || name == "input_tokens_details")) {
    return enter(Node::details);
  }
  nested_ = 1;
  state_ = State::nested;
}

void UsageText::open_array() {
  nested_ = 1;
  state_ = State::nested;
  if (depth_ == 1 && key() == "choices") choices_ = Choices::open;
}

void UsageText::close_object() {
  --depth_;
  expected_ = Expected::comma;
  if (depth_ > 0) return;
  complete_ = true;
  state_ = State::over;
}

}  // namespace wp::prompt
