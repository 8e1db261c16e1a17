#include "dataplane/http/body_reader.h"

#include <algorithm>
#include <limits>

#include "dataplane/base/assert.h"

namespace wp::http {

void BodyReader::begin(Framing framing, std::uint64_t content_length, Fault whose) {
  WP_ASSERT(whose == Fault::client || whose == Fault::replica);
  flaw_ = Ambiguity::none;
  left_ = 0;
  received_ = 0;
  consumed_ = 0;
  whose_ = whose;
  switch (framing) {
    case Framing::none: state_ = State::done; break;
    case Framing::length:
      left_ = content_length;
      state_ = content_length == 0 ? State::done : State::counted;
      break;
    case Framing::chunked:
      chunk_line_.begin_body();
      trailers_.begin();
      state_ = State::chunk_line;
      break;
    case Framing::until_close: state_ = State::until_close; break;
  }
}

Result<BodyReader::Step> BodyReader::feed(std::span<const std::byte> input) {
  WP_ASSERT(state_ != State::failed);
  WP_ASSERT(input.size() <= std::numeric_limits<std::uint32_t>::max());
  Step step;
  switch (state_) {
    case State::done: break;
    case State::until_close:
      step.payload = input;
      step.taken = static_cast<std::uint32_t>(input.size());
      received_ += input.size();
      consumed_ += input.size();
      break;
    case State::counted:
      take_payload(input, step);
      if (left_ == 0) state_ = State::done;
      break;
    default: return feed_chunked(input);
  }
  step.done = done();
  return step;
}

// Stops behind a piece of payload, so that one step names no more than one, and so that an error in the framing behind
// it does not swallow it.
Result<BodyReader::Step> BodyReader::feed_chunked(std::span<const std::byte> input) {
  Step step;
  while (step.taken < input.size() && state_ != State::done) {
    if (state_ == State::chunk_data) {
      take_payload(input, step);
      if (left_ == 0) state_ = State::chunk_cr;
      return step;
    }
    if (!take_framing(static_cast<char>(input[step.taken]))) return refuse();
    ++step.taken;
    ++consumed_;
  }
  step.done = done();
  return step;
}

bool BodyReader::take_framing(char byte) {
  switch (state_) {
    case State::chunk_line: {
      const Verdict verdict = chunk_line_.take(byte);
      return verdict == Verdict::complete ? begin_chunk() : verdict == Verdict::more;
    }
    case State::chunk_cr: state_ = State::chunk_lf; return byte == '\r';
    case State::chunk_lf:
      if (byte != '\n') return false;
      chunk_line_.begin_line();
      state_ = State::chunk_line;
      return true;
    default: {
      WP_ASSERT(state_ == State::trailers);
      const Verdict verdict = trailers_.take(byte);
      if (verdict == Verdict::complete) state_ = State::done;
      return verdict != Verdict::refused;
    }
  }
}

bool BodyReader::begin_chunk() {
  left_ = chunk_line_.size();
  state_ = left_ == 0 ? State::trailers : State::chunk_data;
  return left_ <= std::numeric_limits<std::uint64_t>::max() - received_;
}

void BodyReader::take_payload(std::span<const std::byte> input, Step& step) {
  const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(left_, input.size() - step.taken));
  step.payload = input.subspan(step.taken, length);
  step.taken += length;
  left_ -= length;
  received_ += length;
  consumed_ += length;
}

Ambiguity BodyReader::framing_flaw() const {
  switch (state_) {
    case State::chunk_line: return chunk_line_.flaw();
    case State::chunk_cr:
    case State::chunk_lf: return Ambiguity::chunk_data_end;
    case State::trailers: return trailers_.flaw();
    default: return Ambiguity::chunk_sum;
  }
}

std::unexpected<Error> BodyReader::refuse() {
  flaw_ = framing_flaw();
  state_ = State::failed;
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint32_t>::max();
  const Reason reason = reason_of(flaw_);
  return fail(whose_ == Fault::client ? reason : blame_replica(reason),
              static_cast<std::uint32_t>(std::min(consumed_, kLast)));
}

void BodyReader::skip(std::uint64_t bytes) {
  WP_ASSERT(bytes <= remaining());
  left_ -= bytes;
  received_ += bytes;
  consumed_ += bytes;
  if (state_ == State::counted && left_ == 0) state_ = State::done;
}

bool BodyReader::closed() {
  if (state_ == State::until_close) state_ = State::done;
  return done();
}

bool BodyReader::done() const {
  return state_ == State::done;
}

std::uint64_t BodyReader::received() const {
  return received_;
}

std::uint64_t BodyReader::remaining() const {
  return state_ == State::counted || state_ == State::chunk_data ? left_ : 0;
}

}  // namespace wp::http
