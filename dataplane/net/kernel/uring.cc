#include "dataplane/net/kernel/uring.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "dataplane/base/assert.h"

namespace wp::net {
namespace {

std::string refusal(int error) {
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  std::string line = "io_uring is refused: ";
  if (error == ENOSYS) return line + "this kernel has none";
  if (error == EPERM && disabled != 0) return line + "kernel.io_uring_disabled is " + std::to_string(disabled);
  if (error == EPERM) return line + "not permitted (a seccomp or security policy)";
  if (error == EINVAL) return line + "the kernel lacks DEFER_TASKRUN (Linux 6.1 has it)";
  return line + std::strerror(error);
}

}  // namespace

std::expected<std::unique_ptr<Uring>, std::string> Uring::create(Counter& system_calls) {
  auto uring = std::unique_ptr<Uring>(new Uring(system_calls));
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
  params.cq_entries = kCompletions;
  const int result = io_uring_queue_init_params(kSubmissions, &uring->ring_, &params);
  if (result != 0) return std::unexpected(refusal(-result));
  uring->open_ = true;
  constexpr unsigned kNeeded = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;
  if ((params.features & kNeeded) != kNeeded) return std::unexpected(refusal(EINVAL));
  uring->bundles_receives_ = (params.features & kBundleFeature) != 0;
  return uring;
}

Uring::~Uring() {
  if (!open_) return;
  if (started_ && !mine()) {
    // The registered descriptor was a place in the ended thread's table; in this one's it may be another ring.
    ring_.enter_ring_fd = ring_.ring_fd;
    ring_.int_flags = 0;
  }
  io_uring_queue_exit(&ring_);
}

void Uring::start() {
  WP_ASSERT(!started_);
  // io_uring_enable_rings() is declared by liburing 2.3 but missing from its library.
  const int enabled = io_uring_register(static_cast<unsigned>(ring_.ring_fd), IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  WP_ASSERT(enabled == 0);
  // Spares a file table lookup a call; a thread with all of its 16 places taken does without.
  static_cast<void>(io_uring_register_ring_fd(&ring_));
  system_calls_->add(2);
  started_ = true;
  owner_ = std::this_thread::get_id();
  probe_limited_receive();
}

// There is no feature bit. A kernel that knows the limit finds that the ring's own descriptor is no socket; an older
// one refuses the unknown field first.
void Uring::probe_limited_receive() {
  io_uring_sqe& entry = next({Op::receive, {}});
  io_uring_prep_recv_multishot(&entry, ring_.ring_fd, nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  limit_receive(entry, 1);
  while (in_flight_ > 0) {
    enter(seconds(1));
    reap([&](const Completion& completion) { limits_receives_ = completion.result != -EINVAL; });
  }
}

io_uring_sqe& Uring::next(Tag tag) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  for (int tries = 0; entry == nullptr; ++tries) {
    // The kernel takes all it is given but for a moment without memory.
    WP_ASSERT(tries < 1000);
    system_calls_->add();
    static_cast<void>(io_uring_submit(&ring_));
    entry = io_uring_get_sqe(&ring_);
  }
  std::memset(entry, 0, sizeof *entry);
  ++in_flight_;
  entry->user_data = tag.pack();
  return *entry;
}

bool Uring::nothing_to_do() const {
  const unsigned flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED);
  return io_uring_sq_ready(&ring_) == 0 && (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) == 0;
}

void Uring::enter(Duration wait) {
  WP_ASSERT(mine());
  const bool sleep = wait.ns > 0 && io_uring_cq_ready(&ring_) == 0;
  if (!sleep && nothing_to_do()) return;
  system_calls_->add();
  int result = 0;
  if (sleep) {
    const std::int64_t ns = std::min(wait, seconds(3600)).ns;
    __kernel_timespec limit{ns / 1'000'000'000, ns % 1'000'000'000};
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
  } else {
    result = io_uring_submit_and_get_events(&ring_);
  }
  // EBUSY, EAGAIN: short of memory, the rest is submitted next time.
  const bool passing = result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN;
  WP_ASSERT(passing);
}

}  // namespace wp::net
