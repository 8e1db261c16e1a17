#include "tools/loop/stop.h"

#include <atomic>
#include <csignal>

namespace wp::loop {
namespace {

// What the signal handler touches. Initialised before the program runs, so that it needs no guard there.
struct Shared {
  std::atomic<bool> asked{false};
  std::atomic<void*> waiter{nullptr};
  std::atomic<StopSignals::Wake> wake{nullptr};
};

Shared& shared() {
  static constinit Shared state;
  return state;
}

void on_stop_signal(int) {
  Shared& state = shared();
  state.asked.store(true);
  if (void* waiter = state.waiter.load()) state.wake.load()(waiter);
}

}  // namespace

bool stop_asked() {
  return shared().asked.load();
}

StopSignals::StopSignals(void* waiter, Wake wake) {
  shared().wake.store(wake);
  shared().waiter.store(waiter);
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

StopSignals::~StopSignals() {
  shared().waiter.store(nullptr);
}

}  // namespace wp::loop
