#include "controlplane/thread_signals.h"

#include <pthread.h>

#include "dataplane/base/assert.h"

namespace wp::control {
namespace {

// The handler's own needs are a few KiB; the kernel puts the saved registers there, too, which AVX-512 makes large.
constexpr std::size_t kStackBytes = 64 * 1024;

}  // namespace

ThreadSignals::ThreadSignals(Keep keep) : stack_(std::make_unique_for_overwrite<std::byte[]>(kStackBytes)) {
  if (keep == Keep::none) {
    sigset_t ordinary;
    sigfillset(&ordinary);
    for (const int fatal : kFatalSignals) sigdelset(&ordinary, fatal);
    pthread_sigmask(SIG_BLOCK, &ordinary, nullptr);
  }
  stack_t stack{};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  const int result = ::sigaltstack(&stack, &before_);
  WP_ASSERT(result == 0);
}

ThreadSignals::~ThreadSignals() {
  ::sigaltstack(&before_, nullptr);
}

}  // namespace wp::control
