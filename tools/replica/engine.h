// The engine as a model in simulated time: a FIFO queue, one prefill at a time whose length follows the uncached
// tokens, decoding at a fixed rate a stream, and the KV cache. Nothing here reads a clock: every call brings `now`, and
// everything due up to then happens at its own exact instant, however coarsely the caller polls.
//
// A request waits until the prefill unit is idle, a running slot is free and its KV blocks can be had (those of prompt
// and reply are reserved at once: there is no preemption). Its cached prefix is looked up at that moment. The first
// token comes when its prefill ends; the KV entries of a token are computed when its successor is made. With
// `interference` a prefill holds up whoever decodes meanwhile: wholly (1) as an engine that does one or the other, in
// part as one that mixes both into a step.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "tools/replica/block_event.h"
#include "tools/replica/kv_cache.h"
#include "tools/replica/prefill_law.h"

namespace wp::replica {

struct EngineConfig : PrefillLaw {
  double decode_rate = 50;           // tokens a second and stream
  Duration overhead = millis(10);    // part of every prefill, however much is cached
  double interference = 0;           // share of a prefill's time by which it holds up all that decode, in 0..1
  std::uint32_t max_running = 64;    // prefilling and decoding together
  std::uint32_t max_waiting = 1024;  // queue behind them; more are refused
  std::uint32_t block_tokens = 16;
  std::uint32_t kv_tokens = 262'144;  // capacity, rounded down to whole blocks, at least one
  bool block_events = false;          // keeps what becomes of blocks until it is taken
};

using RequestId = std::uint64_t;  // from 1, in order of arrival

struct Request {
  std::vector<Token> tokens;        // the prompt, then the reply that will be made
  std::uint32_t prompt_tokens = 0;  // how many of them are the prompt; at least 1
  std::uint64_t root = 0;           // what its cached prefix chains on: model, adapter, salt
  std::uint64_t tag = 0;            // the caller's own, in every event
  std::string adapter;              // for BlockEvent; they are part of `root`, too
  std::string salt;
};

enum class EventKind : std::uint8_t { first_token, token, done };

// `done` follows the last token at the same instant, or the prefill's end when no reply was asked for.
struct Event {
  EventKind kind = EventKind::done;
  RequestId id = 0;
  std::uint64_t tag = 0;
  Instant at;
  std::uint32_t index = 0;          // of the token in the reply
  std::uint32_t cached_tokens = 0;  // of the prompt
};

enum class Refusal : std::uint8_t { queue_full, too_long };

struct EngineTotals {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t finished = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t prompt_tokens = 0;  // of requests whose prefill began
  std::uint64_t cached_tokens = 0;  // of those, found in the cache
  std::uint64_t generated_tokens = 0;
};

class Engine {
 public:
  explicit Engine(const EngineConfig& config);

  // Takes a request, or says why not: the queue is full, or prompt and reply do not fit the cache even alone.
  [[nodiscard]] std::expected<RequestId, Refusal> submit(Instant now, Request&& request);

  // Ends a request wherever it stands; what it computed stays cached. False when it is not there (any more). Events
  // that it had before `now` may still be polled.
  bool cancel(RequestId id, Instant now);

  // Appends what happened up to `now`, in order of time.
  void poll(Instant now, std::vector<Event>& events);

  // Forgets all that is cached; false, and nothing changes, while requests run.
  [[nodiscard]] bool reset_cache();

  // What became of blocks since the last call, in order.
  [[nodiscard]] std::vector<BlockEvent> take_block_events() { return std::exchange(block_events_, {}); }

  // When poll() has something to tell; kNever when nothing runs.
  [[nodiscard]] Instant next_deadline() const {
    if (!events_.empty()) return events_.front().at;
    return due_.empty() ? kNever : due_.begin()->first;
  }

  [[nodiscard]] std::uint32_t running() const { return running_; }
  [[nodiscard]] std::uint32_t waiting() const { return static_cast<std::uint32_t>(waiting_.size()); }
  // Of the prompts in the queue, what the cache would not have now.
  [[nodiscard]] std::uint64_t waiting_uncached_tokens() const;
  [[nodiscard]] const EngineTotals& totals() const { return totals_; }
  [[nodiscard]] const KvCache& cache() const { return cache_; }
  [[nodiscard]] const EngineConfig& config() const { return config_; }

 private:
  struct Job {
    Request request;
    std::vector<BlockHash> hashes;  // of all full blocks of prompt and reply
    std::vector<BlockId> held;
    std::uint32_t cached_tokens = 0;
    std::uint32_t committed = 0;  // blocks that can be found, from the first
    std::uint32_t produced = 0;   // reply tokens so far
    Instant began;                // of the prefill
    Instant first_token;
    Instant due = kNever;
  };

  [[nodiscard]] std::uint32_t reply_tokens(const Job& job) const;
  [[nodiscard]] std::uint32_t blocks_needed(std::uint32_t prompt, std::uint32_t reply) const;
  void advance(Instant now);
  void start_waiting(Instant at);
  void step(RequestId id, Job& job);
  void finish(RequestId id, Job& job, Instant at);
  void commit_up_to(Job& job, std::uint32_t tokens);
  void note_stored(const Job& job, std::uint32_t block);
  void commit_cut_prefill(Job& job, Instant now);
  void schedule(RequestId id, Job& job, Instant at);
  void hold_up(Duration time, Instant at);
  void emit(EventKind kind, RequestId id, const Job& job, Instant at, std::uint32_t index);

  EngineConfig config_;
  KvCache cache_;
  EngineTotals totals_;
  RequestId last_id_ = 0;
  RequestId prefilling_ = 0;
  std::uint32_t running_ = 0;
  std::unordered_map<RequestId, Job> jobs_;
  std::deque<RequestId> waiting_;
  std::set<std::pair<Instant, RequestId>> due_;  // one entry a running job
  std::vector<Event> events_;
  std::vector<BlockEvent> block_events_;
};

}  // namespace wp::replica
