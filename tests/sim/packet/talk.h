// What two applications say to each other over one connection, and the check that each hears exactly that: every byte
// is a function of the talk, the direction and its place.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/rng.h"
#include "dataplane/stream/port_table.h"

namespace wp::sim::packet {

struct TalkShape {
  std::uint32_t sends[2] = {0, 0};  // bytes: by the client, by the server
  std::uint32_t write_max = 4096;   // bytes an application queues at once
  std::uint32_t read_max = 65'536;  // bytes it consumes a turn
  double reads = 1;                 // how often it reads when woken: below 1 the window closes now and then
  bool is_checked = true;           // else the other side is hostile, and says what it likes
  bool server_waits = true;         // for the client's FIN; else both close when they have sent all
  std::uint32_t abort_after[2] = {UINT32_MAX, UINT32_MAX};  // bytes received or sent, then this side resets
};

// One side of it.
class Speaker {
 public:
  Speaker() = default;
  Speaker(std::uint32_t talk, unsigned side, const TalkShape& shape) : talk_(talk), side_(side), shape_(shape) {}

  // Reads, writes, finishes and closes as the port lets it. False once it has let the port go.
  bool run(stream::StreamPort& port, Rng& rng);

  // It got all and lost nothing.
  [[nodiscard]] bool is_complete() const { return ended_ && !failed_ && received_ == shape_.sends[1 - side_]; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] bool has_failed() const { return failed_; }
  // Its wish to be woken without an event.
  [[nodiscard]] bool is_dawdling(const stream::StreamPort& port) const;
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  [[nodiscard]] std::uint32_t received() const { return received_; }
  [[nodiscard]] std::uint32_t sent() const { return sent_; }
  [[nodiscard]] bool may_abort() const {
    return shape_.abort_after[0] != UINT32_MAX || shape_.abort_after[1] != UINT32_MAX;
  }
  // From now on it does its best: no aborts, no slow reading.
  void behave();

 private:
  void read(stream::StreamPort& port, Rng& rng);
  // Of bytes that are the next: whether they are what was said.
  void check(stream::Bytes bytes);
  void write(stream::StreamPort& port, Rng& rng);

  std::uint32_t talk_ = 0;
  unsigned side_ = 0;
  TalkShape shape_{};
  std::uint32_t sent_ = 0;
  std::uint32_t received_ = 0;
  bool finished_ = false;
  bool ended_ = false;
  bool failed_ = false;
  std::string complaint_;
};

}  // namespace wp::sim::packet
