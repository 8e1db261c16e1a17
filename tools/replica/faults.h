// What goes wrong with a replica on purpose: drawn for each request or connection, by flag or at run time. Each fault
// is one that a balancer meets in the field, and it is the engine's reply that suffers, never the engine's own
// accounts.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"

namespace wp::replica {

enum class FaultKind : std::uint8_t {
  late,         // SECONDS: the reply is held back so long once it could begin
  stall,        // TOKENS: nothing follows behind so many
  die,          // TOKENS: the connection is closed behind them, in the middle of the reply
  reset,        // TOKENS: the same by a reset
  lie,          // TOKENS: the chunk behind them says that it is longer than it is
  status,       // CODE: the request is refused with it, 429 and 503 with Retry-After
  slow_drain,   // BYTES a second of the reply, no more
  slow_accept,  // SECONDS: a new connection is not read for so long
  idle_close,   // SECONDS: a connection that sends nothing for so long between replies is closed
};

struct FaultRule {
  FaultKind kind = FaultKind::late;
  double value = 0;
  double share = 1;                    // of the requests or connections that it befalls
  std::optional<std::uint64_t> times;  // how often it still may; nothing: without end
};

// "KIND=VALUE[,share=S][,times=N]", such as "die=5,share=0.1". The error says what is wrong in one line.
[[nodiscard]] std::expected<FaultRule, std::string> parse_fault(std::string_view text);
// One a line; empty lines are passed over.
[[nodiscard]] std::expected<std::vector<FaultRule>, std::string> parse_faults(std::string_view text);
[[nodiscard]] std::string to_string(const FaultRule& fault);

// What befalls one request.
struct Ailments {
  Duration late;
  std::optional<std::uint32_t> stall_at;  // tokens of the reply before it
  std::optional<std::uint32_t> die_at;
  std::optional<std::uint32_t> reset_at;
  std::optional<std::uint32_t> lie_at;
  std::uint16_t status = 0;     // 0: none
  double bytes_per_second = 0;  // 0: as fast as it goes

  // Where the reply breaks off, whichever comes first.
  [[nodiscard]] std::uint32_t end_at() const;
};

class Faults {
 public:
  explicit Faults(std::vector<FaultRule> faults, std::uint64_t seed) : faults_(std::move(faults)), rng_(seed) {}

  void replace(std::vector<FaultRule> faults) { faults_ = std::move(faults); }
  [[nodiscard]] const std::vector<FaultRule>& all() const { return faults_; }
  [[nodiscard]] std::uint64_t befallen() const { return befallen_; }

  // Draws what befalls the next request, or the next connection: how long it is not read.
  [[nodiscard]] Ailments befall_request();
  [[nodiscard]] Duration befall_connection();
  // After what silence connections are closed; zero: never.
  [[nodiscard]] Duration idle_close() const;

 private:
  [[nodiscard]] bool strikes(FaultRule& fault);

  std::vector<FaultRule> faults_;
  Rng rng_;
  std::uint64_t befallen_ = 0;
};

}  // namespace wp::replica
