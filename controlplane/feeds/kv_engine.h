// One engine's KV events, read in order and kept up to date: the source, the order of its batches, and what its cache
// has by them. Looks regularly whether what was read is still all there is.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/feeds/batch_order.h"
#include "controlplane/feeds/engine_clock.h"
#include "controlplane/feeds/kv_batch.h"
#include "controlplane/feeds/kv_source.h"
#include "controlplane/feeds/replica_holdings.h"
#include "controlplane/feeds/target.h"
#include "dataplane/base/time.h"

namespace wp::feeds {

class KvEngine {
 public:
  // A monotonic clock.
  using Now = Instant (*)();
  KvEngine(boost::asio::io_context& io, const ZmqContext& context, Target target, Now now);
  KvEngine(const KvEngine&) = delete;
  KvEngine& operator=(const KvEngine&) = delete;

  [[nodiscard]] std::expected<void, std::string> open() {
    return source_.open(target_.endpoints.front(), target_.kv_events, target_.kv_replay);
  }
  [[nodiscard]] bool same_as(const Target& target) const {
    return target_.generation == target.generation && target_.kv_events == target.kv_events &&
           target_.kv_replay == target.kv_replay && target_.endpoints.front() == target.endpoints.front();
  }

  // Asks for what is missing, and every `interval` whether anything is; an answer that is not there after `patience`
  // does not come.
  void look(Duration interval, Duration patience);
  // What was read may be of an engine that is gone.
  void doubt() {
    order_.doubt();
    looked_.reset();
  }
  // The last answer did not come.
  [[nodiscard]] bool silent() const { return silent_; }
  // What was read is without a gap, as far as is known.
  [[nodiscard]] bool whole() const { return order_.whole(); }
  // Until when all that happened is known: nothing comes from before.
  [[nodiscard]] Instant known_until() const { return known_until_; }
  // Once after each look that found everything to be known.
  [[nodiscard]] bool take_confirmed() { return std::exchange(confirmed_, false) && whole(); }

  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] ReplicaHoldings& holdings() { return holdings_; }
  // As doc/REPORTS.md calls them.
  [[nodiscard]] std::vector<std::pair<const char*, std::uint64_t>> counts() const;

 private:
  void on_published(std::uint64_t number, std::string_view payload);
  void on_replayed(std::uint64_t number, std::string_view payload);
  void on_replay_ended();
  void follow(BatchOrder::Verdict verdict, const std::expected<KvBatch, std::string>& batch, Instant at);

  Target target_;
  Now now_;
  BatchOrder order_;
  EngineClock clock_;
  ReplicaHoldings holdings_;
  std::uint64_t batches_ = 0;
  std::uint64_t garbled_ = 0;  // messages and batches that could not be read
  std::uint64_t anew_ = 0;     // times that all that was read was worth nothing any more
  std::optional<Instant> looked_;
  Instant known_until_;
  bool confirmed_ = false;
  bool silent_ = false;
  KvSource source_;
};

}  // namespace wp::feeds
