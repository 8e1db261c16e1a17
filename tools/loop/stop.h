// How a program is asked to stop: SIGTERM or SIGINT, which also end a sleeping transport.
#pragma once

namespace wp::loop {

// Whether one of the signals has come since the program began.
[[nodiscard]] bool stop_asked();

// While one lives, the signals wake `waiter`; at most one at a time. SIGPIPE is ignored for good: a send to a peer that
// is gone is an error of that stream.
class StopSignals {
 public:
  using Wake = void (*)(void* waiter);
  StopSignals(void* waiter, Wake wake);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();
};

}  // namespace wp::loop
