// The file that a dying warmpathd leaves: one header, the words that its numbers stand for, one ring of events a shard.
// All of it is fixed-size and plain, because a signal handler writes it. Integers have the byte order of the machine
// that wrote them; the version is the first thing to look at.
//
//   Header · Word x (kinds + reasons) · for each shard: RingHead, FlightEvent x events, RingTail
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "dataplane/base/flight_recorder.h"

namespace wp::control::postmortem {

inline constexpr std::array<char, 8> kMagic = {'W', 'P', 'F', 'L', 'I', 'G', 'H', 'T'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kMostShards = 256;

enum class Machine : std::uint32_t { other, x86_64, aarch64 };

using Word = std::array<char, 32>;  // ends in at least one zero

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t header_bytes = 0;
  std::uint32_t event_bytes = sizeof(FlightEvent);
  std::uint32_t events = FlightRecorder::kPlaces;  // places of a ring
  std::uint32_t shards = 0;
  std::uint32_t kinds = kFlightKinds;
  std::uint32_t reasons = kReasonCount;
  std::int32_t signal = 0;  // 0: nobody died, somebody asked
  std::int32_t code = 0;    // si_code
  Machine machine = Machine::other;
  std::uint64_t address = 0;  // si_addr
  std::int64_t process = 0;
  std::int64_t thread = 0;
  std::int64_t unix_ns = 0;  // when, by the wall clock and by the clock of the events
  std::int64_t monotonic_ns = 0;
  std::uint64_t load_base = 0;  // what to take from an address of the program for addr2line
  std::uint32_t register_count = 0;
  std::uint32_t frame_count = 0;
  std::array<std::uint64_t, 40> registers{};  // as the kernel orders them: REG_* of ucontext; x0-x30, sp, pc, pstate
  std::array<std::uint64_t, 64> frames{};     // return addresses, innermost first
  std::array<char, 16> thread_name{};
  std::array<char, 32> program_version{};
  std::array<char, 64> build_id{};    // hexadecimal
  std::array<char, 256> assertion{};  // "file:line: expression"
};

struct RingHead {
  std::uint32_t shard = 0;
  std::uint32_t reserved = 0;
  std::uint64_t before = 0;  // events ever noted when the copy began
};

struct RingTail {
  std::uint64_t after = 0;  // and when it was made
};

static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) % 8 == 0);
static_assert(sizeof(RingHead) == 16 && sizeof(RingTail) == 8);

}  // namespace wp::control::postmortem
