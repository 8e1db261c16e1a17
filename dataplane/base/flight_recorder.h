// The last events of a shard, kept in memory for the case that the process dies: what a core file would have said of
// its requests, without a byte of what was in them. Events hold times, identities, reasons and numbers; of session keys
// and prompts, keyed hashes only.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/reasons.h"
#include "dataplane/base/time.h"

namespace wp {

// Columns: name, what `number` is, what happened.
// clang-format off
#define WP_FLIGHT_KINDS(X) \
  X(none,       "",               "the place was never written") \
  X(accepted,   "",               "a client connected") \
  X(closed,     "",               "the client's connection was ended, for the reason given") \
  X(refused,    "body bytes",     "a request that never was an exchange ended so") \
  X(request,    "body bytes",     "a whole request came; the hash is its session's") \
  X(picked,     "prompt tokens",  "a replica was picked; the hash is the prompt's beginning") \
  X(connecting, "connection",     "the request waits for a new connection to the replica") \
  X(reused,     "connection",     "the request went out on a connection that was there") \
  X(opened,     "connection",     "the connection to the replica is open, the request goes out") \
  X(retried,    "attempts",       "an attempt failed before a reply began, for the reason given") \
  X(replying,   "attempts",       "the head of the reply went to the client") \
  X(first_byte, "waited us",      "the first byte of the reply's body came") \
  X(completed,  "reply bytes",    "the whole reply was handed on") \
  X(failed,     "reply bytes",    "the exchange ended for the reason given") \
  X(cancelled,  "reply bytes",    "the client's side ended the exchange, or a stop did") \
  X(snapshot,   "version",        "the shard saw another configuration") \
  X(draining,   "clients",        "the shard began to drain")
// clang-format on

enum class FlightKind : std::uint8_t {
#define WP_ENUM(name, ...) name,
  WP_FLIGHT_KINDS(WP_ENUM)
#undef WP_ENUM
};

#define WP_COUNT(...) +1
inline constexpr std::size_t kFlightKinds = 0 WP_FLIGHT_KINDS(WP_COUNT);
#undef WP_COUNT

// "?" for what is no kind.
[[nodiscard]] std::string_view word(FlightKind kind);
// What FlightEvent::number is; empty for none.
[[nodiscard]] std::string_view number_meaning(FlightKind kind);

struct FlightEvent {
  static constexpr std::uint32_t kNoReplica = UINT32_MAX;

  Instant at;
  std::uint64_t client = 0;    // Handle::pack() of the connection; unique in its shard for as long as it matters
  std::uint64_t exchange = 0;  // Handle::pack(), 0: none
  std::uint64_t hash = 0;      // keyed
  std::uint64_t number = 0;    // what the kind says
  std::uint32_t replica = kNoReplica;  // its slot in the accounts
  std::uint16_t status = 0;
  FlightKind kind = FlightKind::none;
  Reason reason = Reason::none;

  friend bool operator==(const FlightEvent&, const FlightEvent&) = default;
};
static_assert(sizeof(FlightEvent) == 48);

// One thread notes; any thread, and a signal handler, may copy. An event is six plain stores and one that releases.
class FlightRecorder {
 public:
  static constexpr std::uint32_t kEvents = 4096;  // that a copy always shows whole, once there were as many
  // A few more, for what is written over while it is copied.
  static constexpr std::uint32_t kPlaces = kEvents + 64;
  static constexpr std::size_t kBytes = kPlaces * sizeof(FlightEvent);

  FlightRecorder() : slots_(std::make_unique<Slot[]>(kPlaces)) {}

  void note(const FlightEvent& event) {
    const std::uint64_t at = written_.load(std::memory_order_relaxed);
    const auto words = std::bit_cast<Words>(event);
    Slot& slot = slots_[at % kPlaces];
    for (std::size_t i = 0; i < words.size(); ++i) slot[i].store(words[i], std::memory_order_relaxed);
    written_.store(at + 1, std::memory_order_release);
  }

  // Events ever noted. Of a copy made between two readings `before` and `after`, event number n (from 0) is whole when
  // n < before and n + kPlaces > after; the one being written meanwhile is event `after` itself.
  [[nodiscard]] std::uint64_t written() const { return written_.load(std::memory_order_acquire); }
  // The event in a place of the ring: number n stands at n % kPlaces. Calls nothing, takes nothing: for a signal
  // handler.
  [[nodiscard]] FlightEvent at(std::uint32_t place) const {
    Words words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = slots_[place][i].load(std::memory_order_relaxed);
    return std::bit_cast<FlightEvent>(words);
  }

 private:
  using Words = std::array<std::uint64_t, sizeof(FlightEvent) / sizeof(std::uint64_t)>;
  using Slot = std::array<std::atomic<std::uint64_t>, sizeof(FlightEvent) / sizeof(std::uint64_t)>;

  std::unique_ptr<Slot[]> slots_;
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace wp
