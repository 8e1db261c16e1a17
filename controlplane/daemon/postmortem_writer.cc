#include "controlplane/daemon/postmortem_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include <signal.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

namespace wp::daemon {
namespace {

namespace postmortem = control::postmortem;

bool write_whole(int file, const void* data, std::size_t size) {
  const auto* at = static_cast<const std::byte*>(data);
  while (size > 0) {
    const ssize_t written = ::write(file, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool write_word(int file, std::string_view word) {
  postmortem::Word cell{};
  std::copy_n(word.data(), std::min(word.size(), cell.size() - 1), cell.data());
  return write_whole(file, cell.data(), cell.size());
}

bool write_ring(int file, std::uint32_t shard, const FlightRecorder& recorder) {
  constexpr std::uint32_t kAtOnce = 64;
  static_assert(FlightRecorder::kPlaces % kAtOnce == 0);
  const postmortem::RingHead head{shard, 0, recorder.written()};
  if (!write_whole(file, &head, sizeof head)) return false;
  std::array<FlightEvent, kAtOnce> events;
  for (std::uint32_t from = 0; from < FlightRecorder::kPlaces; from += kAtOnce) {
    for (std::uint32_t i = 0; i < kAtOnce; ++i) events[i] = recorder.at(from + i);
    if (!write_whole(file, events.data(), sizeof events)) return false;
  }
  const postmortem::RingTail tail{recorder.written()};
  return write_whole(file, &tail, sizeof tail);
}

// Reads two words of this process, or fails where a load would have been a fault.
bool peek(std::uint64_t address, std::array<std::uint64_t, 2>& words) {
  iovec local{words.data(), sizeof words};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a word of a stack that may be no address at all
  iovec remote{reinterpret_cast<void*>(address), sizeof words};
  return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(sizeof words);
}

}  // namespace

std::uint32_t walk_frames(std::uint64_t pc, std::uint64_t frame, std::span<std::uint64_t> frames) {
  constexpr std::uint64_t kLargestFrame = 1U << 20U;
  std::uint32_t count = 0;
  if (pc != 0 && !frames.empty()) frames[count++] = pc;
  while (count < frames.size() && frame % 8 == 0) {
    std::array<std::uint64_t, 2> link{};  // the caller's frame, the return address
    if (frame == 0 || !peek(frame, link) || link[1] == 0) break;
    frames[count++] = link[1];
    if (link[0] <= frame || link[0] - frame > kLargestFrame) break;  // stacks grow down: a chain only rises
    frame = link[0];
  }
  return count;
}

void describe_signal(postmortem::Header& header, int signal, const void* siginfo, const void* ucontext) {
  const auto& about = *static_cast<const siginfo_t*>(siginfo);
  const auto& machine = static_cast<const ucontext_t*>(ucontext)->uc_mcontext;
  header.signal = signal;
  header.code = about.si_code;
  header.address = reinterpret_cast<std::uint64_t>(about.si_addr);
  std::uint64_t pc = 0;
  std::uint64_t frame = 0;
#if defined(__x86_64__)
  header.machine = postmortem::Machine::x86_64;
  header.register_count = 23;  // REG_R8 to REG_CR2
  for (std::uint32_t i = 0; i < header.register_count; ++i) {
    header.registers[i] = static_cast<std::uint64_t>(machine.gregs[i]);
  }
  pc = static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
  frame = static_cast<std::uint64_t>(machine.gregs[REG_RBP]);
#elif defined(__aarch64__)
  header.machine = postmortem::Machine::aarch64;
  header.register_count = 34;
  std::copy_n(machine.regs, 31, header.registers.begin());
  header.registers[31] = machine.sp;
  header.registers[32] = pc = machine.pc;
  header.registers[33] = machine.pstate;
  frame = machine.regs[29];
#endif
  if (header.frame_count == 0) header.frame_count = walk_frames(pc, frame, header.frames);
}

bool write_postmortem(int file, const postmortem::Header& header, std::span<const FlightRecorder* const> shards) {
  if (!write_whole(file, &header, sizeof header)) return false;
  for (std::size_t i = 0; i < kFlightKinds; ++i) {
    if (!write_word(file, word(static_cast<FlightKind>(i)))) return false;
  }
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    if (!write_word(file, word(static_cast<Reason>(i)))) return false;
  }
  for (std::uint32_t shard = 0; shard < header.shards; ++shard) {
    if (!write_ring(file, shard, *shards[shard])) return false;
  }
  return true;
}

}  // namespace wp::daemon
