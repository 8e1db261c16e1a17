// Takes out of an event stream the chunk that the replica was asked for and the client was not: the one with usage and
// no choices. All other bytes go on as they came. An event that is cut may still be that one, so its beginning is held
// until it is known: a client can do nothing with half an event, and an event is one write of every engine.
#pragma once

#include <cstdint>

#include "dataplane/http/sse_scanner.h"
#include "dataplane/proxy/reply_usage.h"
#include "dataplane/stream/slice.h"

namespace wp::proxy {

class UsageCut {
 public:
  // Holds no more of an event than this; a longer one is not what is looked for.
  static constexpr std::uint32_t kMostHeld = 2048;

  void begin() { state_ = State::watching; }

  // Something may still have to be taken out, or the rest of it.
  [[nodiscard]] bool active() const { return state_ != State::off; }
  // The chunk was taken out.
  [[nodiscard]] bool cut() const { return cut_; }

  // What becomes of a piece of the body: bytes [0, drop_from) and [drop_to, hold_from) go on, those between are
  // dropped, the rest is to be held.
  struct Plan {
    bool release = false;  // what is held goes on, before all of the piece
    bool drop = false;     // what is held is dropped
    std::uint32_t drop_from = 0;
    std::uint32_t drop_to = 0;
    std::uint32_t hold_from = 0;
    std::uint32_t events = 0;  // that ended, without the one that is dropped
  };
  // Reads the piece; at most one chunk of a stream is taken out.
  [[nodiscard]] Plan take(stream::Bytes piece, http::SseScanner& scanner, ReplyUsage& usage);

  // Keeps a copy of the bytes, behind those that are held; `slabs` has one free, of kMostHeld bytes at least.
  void hold(stream::Bytes bytes, stream::SlicePool& slabs);
  [[nodiscard]] const stream::Slice& held() const { return held_; }
  void let_go() { held_.reset(); }

 private:
  enum class State : std::uint8_t {
    off,
    watching,   // for the chunk
    dropping,   // until the blank line behind it
    line_feed,  // for an LF that belongs to that line
  };

  void step(stream::Bytes piece, std::uint32_t& at, Plan& plan, http::SseScanner& scanner, ReplyUsage& usage);
  [[nodiscard]] bool may_hold(std::uint32_t bytes, const ReplyUsage& usage) const;

  stream::Slice held_;
  std::uint32_t event_from_ = 0;  // where the event at hand begins in the piece at hand
  State state_ = State::off;
  bool half_ended_ = false;  // the last event ended in CR with the piece: an LF may be part of it
  bool cut_ = false;
  bool other_ = false;  // the event at hand is not the chunk
};

}  // namespace wp::proxy
