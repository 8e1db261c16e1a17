// The ring itself: made anywhere, used by one thread. SINGLE_ISSUER with DEFER_TASKRUN binds a ring to the thread that
// enables it, and completions are then worked off only inside that thread's own io_uring_enter, in batches. The ring is
// therefore created disabled (errors show at start, in the daemon's thread) and start() enables it on the shard's.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "dataplane/base/counters.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/time.h"
#include "dataplane/net/socket.h"

namespace wp::net {

// quiet: nobody waits for the answer.
enum class Op : std::uint8_t { quiet, wake, accept, connect, receive, send, watch, cancel };

// What a completion belongs to: an operation of one generation of one connection (or listener), as user data.
struct Tag {
  static constexpr std::uint32_t kMaxIndex = (1U << 24U) - 1;

  Op op;
  Handle id;

  [[nodiscard]] std::uint64_t pack() const {
    return (std::uint64_t{id.generation} << 32U) | (std::uint64_t{static_cast<std::uint8_t>(op)} << 24U) | id.index;
  }
  [[nodiscard]] static Tag unpack(std::uint64_t v) {
    return {static_cast<Op>((v >> 24U) & 0xff),
            {static_cast<std::uint32_t>(v) & kMaxIndex, static_cast<std::uint32_t>(v >> 32U)}};
  }
};

struct Completion {
  Tag tag;
  std::int32_t result;  // negative: -errno
  std::uint32_t flags;

  // The operation goes on: a multishot has more to say.
  [[nodiscard]] bool more() const { return (flags & IORING_CQE_F_MORE) != 0; }
};

// Arguments that the kernel copies when it takes the entry (IORING_FEAT_SUBMIT_STABLE), one block an entry of the
// submission queue: they need to live exactly as long as the entry.
struct EntryMemory {
  static constexpr std::uint32_t kPieces = 16;

  msghdr message;
  std::array<iovec, kPieces> pieces;
  SocketAddress address;
};

class Uring {
 public:
  // The error is one line that says what refused io_uring.
  [[nodiscard]] static std::expected<std::unique_ptr<Uring>, std::string> create(Counter& system_calls);
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;
  ~Uring();

  [[nodiscard]] bool started() const { return started_; }
  // Enables the ring for the calling thread, the only one to use it from now on.
  void start();

  // A cleared entry for `tag`, prepared by the caller before the next call. A full queue is submitted first.
  [[nodiscard]] io_uring_sqe& next(Tag tag);
  [[nodiscard]] EntryMemory& memory(const io_uring_sqe& entry) { return memory_[&entry - ring_.sq.sqes]; }

  // One system call at most: submits, runs the completions' work, sleeps up to `wait` when there is none.
  void enter(Duration wait);
  // The caller is the thread that start() ran in. When it ended, the kernel cancelled and waited for all it had asked.
  [[nodiscard]] bool mine() const { return owner_ == std::this_thread::get_id(); }

  // Hands out what has completed, at most what had at the call.
  template <class Handle>
  void reap(Handle&& handle) {
    for (unsigned left = io_uring_cq_ready(&ring_); left > 0; --left) {
      io_uring_cqe* entry = nullptr;
      if (io_uring_peek_cqe(&ring_, &entry) != 0) return;
      const Completion completion{Tag::unpack(entry->user_data), entry->res, entry->flags};
      io_uring_cq_advance(&ring_, 1);
      if (!completion.more()) --in_flight_;
      handle(completion);
    }
  }

  // The descriptors of close operations that were prepared and not submitted; for a destructor after the thread ended.
  template <class Handle>
  void unsubmitted_closes(Handle&& handle) {
    for (unsigned at = *ring_.sq.khead; at != ring_.sq.sqe_tail; ++at) {
      const io_uring_sqe& entry = ring_.sq.sqes[at & (kSubmissions - 1)];
      if (entry.opcode == IORING_OP_CLOSE) handle(entry.fd);
    }
  }

  // Operations whose last completion has not been reaped.
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  // The kernel ends a multishot receive by itself after a given number of bytes (Linux 6.17).
  [[nodiscard]] bool limits_receives() const { return limits_receives_; }
  // One receive may fill several buffers of a ring (Linux 6.10).
  [[nodiscard]] bool bundles_receives() const { return bundles_receives_; }
  [[nodiscard]] io_uring& raw() { return ring_; }

 private:
  static constexpr std::uint32_t kSubmissions = 512;
  static constexpr std::uint32_t kCompletions = 8192;

  explicit Uring(Counter& system_calls) : system_calls_(&system_calls), memory_(kSubmissions) {}
  [[nodiscard]] bool nothing_to_do() const;
  void probe_limited_receive();

  io_uring ring_{};
  Counter* system_calls_;
  std::thread::id owner_;
  std::vector<EntryMemory> memory_;
  std::uint32_t in_flight_ = 0;
  bool open_ = false;
  bool started_ = false;
  bool limits_receives_ = false;
  bool bundles_receives_ = false;
};

// Not in liburing 2.3: IORING_RECVSEND_BUNDLE, and the feature's bit.
inline constexpr std::uint16_t kReceiveBundle = 1U << 4U;
inline constexpr std::uint32_t kBundleFeature = 1U << 14U;

// Asks for at most `bytes` of a multishot receive; the field has no name in liburing 2.3 (sqe->optlen since 2.12).
inline void limit_receive(io_uring_sqe& entry, std::uint32_t bytes) {
  entry.file_index = bytes;
}

}  // namespace wp::net
