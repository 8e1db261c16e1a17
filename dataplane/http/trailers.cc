#include "dataplane/http/trailers.h"

#include "dataplane/http/syntax.h"

namespace wp::http {

void Trailers::begin() {
  bytes_ = fields_ = name_length_ = 0;
  state_ = State::line_start;
}

Verdict Trailers::take(char byte) {
  flaw_ = Ambiguity::long_trailers;
  if (++bytes_ > kMaxBytes) return Verdict::refused;
  if (state_ == State::line_start && byte != '\r' && ++fields_ > kMaxFields) return Verdict::refused;
  flaw_ = Ambiguity::trailer_shape;
  bool accepted = true;
  switch (state_) {
    case State::line_start:
      if (byte == '\r') {
        state_ = State::last_line_feed;
        break;
      }
      name_length_ = 0;
      state_ = State::name;
      accepted = byte != ':' && take_name(byte);
      break;
    case State::name: accepted = take_name(byte); break;
    case State::value:
      if (byte == '\r')
        state_ = State::line_feed;
      else
        accepted = !syntax::is_control(byte);
      break;
    case State::line_feed:
      state_ = State::line_start;
      accepted = byte == '\n';
      break;
    case State::last_line_feed: return byte == '\n' ? Verdict::complete : Verdict::refused;
  }
  return accepted ? Verdict::more : Verdict::refused;
}

bool Trailers::take_name(char byte) {
  if (byte == ':') {
    state_ = State::value;
    flaw_ = Ambiguity::trailer_name;
    return name_length_ > name_.size() || !is_forbidden_in_trailers(classify_name({name_.data(), name_length_}));
  }
  const char folded = syntax::kFolded[static_cast<std::uint8_t>(byte)];
  if (folded == 0) return false;
  // As in a head: behind a gateway that writes '_' for '-' the two are one name.
  if (name_length_ < name_.size()) name_[name_length_] = folded == '_' ? '-' : folded;
  ++name_length_;
  return true;
}

}  // namespace wp::http
