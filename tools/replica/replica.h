// One simulated replica: an engine, the models it serves, what it remembers of stored responses, and what it has to
// say about itself. It knows requests and answers, not connections.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/time.h"
#include "tools/replica/api.h"
#include "tools/replica/engine.h"
#include "tools/replica/event_log.h"
#include "tools/replica/faults.h"
#include "tools/replica/personality.h"
#include "tools/replica/reply_rules.h"

namespace wp::replica {

// What the replica says of itself at /health. While it loads it answers requests as a loading engine does, too.
enum class HealthMode : std::uint8_t {
  ok,
  loading,  // 503
  fail,     // 500
  hang,     // no answer
  absent,   // 404: an engine without the page
};

[[nodiscard]] std::optional<HealthMode> parse_health(std::string_view word);

struct ReplicaConfig : ReplyRules {
  std::string name = "replica-0";
  std::vector<std::string> models = {"replica-model"};  // the first is used when a request names none
  EngineConfig engine;
  Personality personality = Personality::plain;
  bool engine_metrics = true;          // whether the engine that it passes for shows its metrics
  std::string api_key;                 // empty: none is asked for
  HealthMode health = HealthMode::ok;  // at first; POST /debug/health changes it
  std::vector<FaultRule> faults;       // at first; POST /debug/faults changes them
  // Wall-clock seconds = (Instant + this) in whole seconds; for `created`.
  Duration unix_offset;
};

// What became of a request that the engine took.
struct Started {
  RequestId id = 0;
  Answer answer;
};

class Replica {
 public:
  explicit Replica(ReplicaConfig config);

  // Makes prompt and reply of `ask` and hands them to the engine; `tag` comes back in its events.
  [[nodiscard]] std::expected<Started, ApiError> start(Instant now, Ask&& ask, std::uint64_t tag);
  // The reply is complete: a response to be stored can now be named by the next one.
  void finished(Answer& answer);
  // The client went away. False when the engine had finished already.
  bool cancel(RequestId id, Instant now);

  [[nodiscard]] const ReplicaConfig& config() const { return config_; }
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] Faults& faults() { return faults_; }
  [[nodiscard]] const Faults& faults() const { return faults_; }
  [[nodiscard]] EventLog& log() { return log_; }
  [[nodiscard]] const EventLog& log() const { return log_; }
  [[nodiscard]] std::int64_t unix_seconds(Instant now) const { return (now + config_.unix_offset).ns / 1'000'000'000; }
  [[nodiscard]] Instant last_cancel() const { return last_cancel_; }
  [[nodiscard]] HealthMode health() const { return config_.health; }
  void set_health(HealthMode mode) { config_.health = mode; }

 private:
  struct Stored {
    std::string id;
    std::vector<Token> turns;
  };
  static constexpr std::size_t kMaxStored = 256;
  static constexpr std::size_t kMaxStoredTokens = 4'000'000;  // 16 MB; the oldest go first

  [[nodiscard]] std::expected<void, ApiError> join_previous(Ask& ask) const;
  [[nodiscard]] std::string next_id();

  ReplicaConfig config_;
  Engine engine_;
  EventLog log_;
  Faults faults_;
  std::deque<Stored> stored_;
  std::size_t stored_tokens_ = 0;
  std::uint64_t ids_ = 0;
  Instant last_cancel_;
};

}  // namespace wp::replica
