// What every thread of the daemon owes the process about signals: which it leaves to the control thread, and a stack on
// which it can say what went wrong when its own is what went wrong.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include <signal.h>

namespace wp::control {

// Signals that mean that the program is wrong. A thread that blocks one of these would die of it without a word.
inline constexpr std::array kFatalSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// Made first on each thread other than the control thread, for as long as it runs: all signals but the fatal ones are
// the control thread's, and those are handled on a stack of this thread's own.
class ThreadSignals {
 public:
  enum class Keep : bool { none, all };  // which of the ordinary signals this thread takes

  explicit ThreadSignals(Keep keep = Keep::none);
  ThreadSignals(const ThreadSignals&) = delete;
  ThreadSignals& operator=(const ThreadSignals&) = delete;
  ~ThreadSignals();

 private:
  std::unique_ptr<std::byte[]> stack_;
  stack_t before_{};
};

}  // namespace wp::control
