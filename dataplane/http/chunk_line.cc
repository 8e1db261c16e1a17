#include "dataplane/http/chunk_line.h"

#include "dataplane/http/syntax.h"

namespace wp::http {
void ChunkLine::begin_body() {
  body_extension_bytes_ = 0;
  begin_line();
}

void ChunkLine::begin_line() {
  size_ = 0;
  digits_ = 0;
  line_extension_bytes_ = 0;
  state_ = State::size;
}

Verdict ChunkLine::take(char byte) {
  if (state_ == State::line_feed) {
    flaw_ = Ambiguity::chunk_line_end;
    return byte == '\n' ? Verdict::complete : Verdict::refused;
  }
  flaw_ = state_ == State::size ? Ambiguity::chunk_size_byte : Ambiguity::chunk_extension;
  const bool accepted = state_ == State::size ? take_size(byte) : take_extension(byte);
  return accepted ? Verdict::more : Verdict::refused;
}

bool ChunkLine::take_size(char byte) {
  const std::uint64_t digit = syntax::hex_digit(byte);
  if (digit == 16) return digits_ > 0 && take_boundary(byte);
  flaw_ = Ambiguity::chunk_size_digits;
  if (++digits_ > kMaxSizeDigits) return false;
  size_ = size_ * 16 + digit;
  return true;
}

bool ChunkLine::take_boundary(char byte) {
  if (byte == ';') {
    state_ = State::name_start;
  } else if (byte == '\r') {
    state_ = State::line_feed;
  } else {
    return false;
  }
  return true;
}

bool ChunkLine::take_extension(char byte) {
  if (byte != '\r') {
    flaw_ = Ambiguity::long_chunk_extension;
    if (++line_extension_bytes_ > kMaxExtensionBytes || ++body_extension_bytes_ > kMaxBodyExtensionBytes) return false;
    flaw_ = Ambiguity::chunk_extension;
  }
  switch (state_) {
    case State::name_start:
    case State::name:
      if (syntax::is_token_byte(byte)) {
        state_ = State::name;
        return true;
      }
      if (state_ == State::name_start) return false;
      if (byte != '=') return take_boundary(byte);
      state_ = State::value_start;
      return true;
    case State::value_start:
      if (byte == '"') {
        state_ = State::quoted;
        return true;
      }
      state_ = State::value;
      return syntax::is_token_byte(byte);
    case State::value: return syntax::is_token_byte(byte) || take_boundary(byte);
    case State::quoted_end: return take_boundary(byte);
    default: return take_quoted(byte);
  }
}

// quoted-string of RFC 9110 section 5.6.4.
bool ChunkLine::take_quoted(char byte) {
  if (syntax::is_control(byte)) return false;
  if (state_ == State::escaped) {
    state_ = State::quoted;
  } else if (byte == '"') {
    state_ = State::quoted_end;
  } else if (byte == '\\') {
    state_ = State::escaped;
  }
  return true;
}

}  // namespace wp::http
