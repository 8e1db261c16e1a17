// Takes a body out of its framing. No copy: each step names a piece of the caller's input.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/result.h"
#include "dataplane/http/chunk_line.h"
#include "dataplane/http/head.h"
#include "dataplane/http/trailers.h"

namespace wp::http {

class BodyReader {
 public:
  // `whose`: the client's framing errors are bad_chunk, a replica's replica_bad_framing.
  void begin(Framing framing, std::uint64_t content_length, Fault whose);

  struct Step {
    std::span<const std::byte> payload;  // part of the input, may be empty
    std::uint32_t taken = 0;             // bytes of input used up, the payload among them
    bool done = false;                   // the body is complete; nothing behind it was taken
  };

  // One step: framing, then one piece of payload. Call again with the rest of the input until it is used up or done.
  // Trailers are checked (no framing or routing fields, RFC 9110 section 6.5.1) and dropped. An error's position counts
  // from the start of the body, framing included, and stays at 2^32 - 1 beyond it.
  [[nodiscard]] Result<Step> feed(std::span<const std::byte> input);

  // The next `bytes` of payload, at most remaining(), reached their place without passing here.
  void skip(std::uint64_t bytes);

  // The peer closed. True when that ends the body properly: it was done, or framed until_close.
  [[nodiscard]] bool closed();

  [[nodiscard]] bool done() const;
  // Which row of the verdict table an error came from.
  [[nodiscard]] Ambiguity flaw() const { return flaw_; }
  // Payload bytes so far, and those known to come: of the body, or of the chunk at hand; 0 for the others.
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t remaining() const;

 private:
  enum class State : std::uint8_t {
    counted,
    until_close,
    chunk_line,
    chunk_data,
    chunk_cr,
    chunk_lf,
    trailers,
    done,
    failed
  };

  [[nodiscard]] Result<Step> feed_chunked(std::span<const std::byte> input);
  // One byte of framing; false refuses it.
  [[nodiscard]] bool take_framing(char byte);
  [[nodiscard]] bool begin_chunk();
  void take_payload(std::span<const std::byte> input, Step& step);
  [[nodiscard]] Ambiguity framing_flaw() const;
  [[nodiscard]] std::unexpected<Error> refuse();

  std::uint64_t left_ = 0;      // payload to come: of the body when counted, of the chunk when chunked
  std::uint64_t received_ = 0;  // payload so far
  std::uint64_t consumed_ = 0;  // of the input, framing included: where an error is
  ChunkLine chunk_line_;
  Trailers trailers_;
  State state_ = State::done;
  Ambiguity flaw_ = Ambiguity::none;
  Fault whose_ = Fault::client;
};

}  // namespace wp::http
