#include "tools/replica/engine.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp::replica {
namespace {

Duration time_for(std::uint64_t tokens, double rate) {
  return nanos(std::llround(static_cast<double>(tokens) * 1e9 / rate));
}

Duration share_of(Duration time, double share) {
  return nanos(std::llround(static_cast<double>(time.ns) * share));
}

}  // namespace

Engine::Engine(const EngineConfig& config)
    : config_(config), cache_(std::max(1U, config.kv_tokens / config.block_tokens)) {
  WP_ASSERT(config.prefill_rate > 0 && config.decode_rate > 0 && config.max_running > 0 && config.block_tokens > 0);
}

std::uint32_t Engine::reply_tokens(const Job& job) const {
  return static_cast<std::uint32_t>(job.request.tokens.size()) - job.request.prompt_tokens;
}

std::uint32_t Engine::blocks_needed(std::uint32_t prompt, std::uint32_t reply) const {
  const std::uint32_t computed = prompt + (reply > 0 ? reply - 1 : 0);
  return (computed + config_.block_tokens - 1) / config_.block_tokens;
}

std::expected<RequestId, Refusal> Engine::submit(Instant now, Request&& request) {
  WP_ASSERT(request.prompt_tokens > 0 && request.prompt_tokens <= request.tokens.size());
  advance(now);
  const auto reply = static_cast<std::uint32_t>(request.tokens.size()) - request.prompt_tokens;
  if (blocks_needed(request.prompt_tokens, reply) > cache_.capacity()) {
    ++totals_.refused;
    return std::unexpected(Refusal::too_long);
  }
  const RequestId id = last_id_ + 1;
  Job job;
  job.hashes = chain_hashes(request.tokens, config_.block_tokens, request.root);
  job.request = std::move(request);
  jobs_.emplace(id, std::move(job));
  waiting_.push_back(id);
  start_waiting(now);
  if (waiting_.size() > config_.max_waiting) {
    waiting_.pop_back();
    jobs_.erase(id);
    ++totals_.refused;
    return std::unexpected(Refusal::queue_full);
  }
  last_id_ = id;
  ++totals_.accepted;
  return id;
}

bool Engine::cancel(RequestId id, Instant now) {
  advance(now);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return false;
  Job& job = found->second;
  if (job.due == kNever) {
    std::erase(waiting_, id);
  } else {
    due_.erase({job.due, id});
    if (prefilling_ == id) {
      commit_cut_prefill(job, now);
      hold_up(share_of(now - job.due, config_.interference), now);
      prefilling_ = 0;
    }
    cache_.release(job.held);
    --running_;
  }
  jobs_.erase(found);
  ++totals_.cancelled;
  start_waiting(now);
  return true;
}

void Engine::poll(Instant now, std::vector<Event>& events) {
  advance(now);
  events.insert(events.end(), events_.begin(), events_.end());
  events_.clear();
}

void Engine::advance(Instant now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const RequestId id = due_.begin()->second;
    due_.erase(due_.begin());
    step(id, jobs_.at(id));
  }
}

std::uint64_t Engine::waiting_uncached_tokens() const {
  std::uint64_t tokens = 0;
  for (const RequestId id : waiting_) {
    const Job& job = jobs_.at(id);
    const std::uint32_t prompt = job.request.prompt_tokens;
    const std::uint32_t reusable = (prompt - 1) / config_.block_tokens;
    tokens += prompt - cache_.match(std::span(job.hashes).first(reusable)) * config_.block_tokens;
  }
  return tokens;
}

// The head of the queue begins its prefill if it can. Nobody overtakes it.
void Engine::start_waiting(Instant at) {
  if (prefilling_ != 0 || waiting_.empty() || running_ >= config_.max_running) return;
  const RequestId id = waiting_.front();
  Job& job = jobs_.at(id);
  const std::uint32_t prompt = job.request.prompt_tokens;
  // The last prompt token is always computed: its output is the first token of the reply.
  const std::uint32_t reusable = (prompt - 1) / config_.block_tokens;
  std::uint32_t found = 0;
  std::vector<BlockHash> evicted;
  if (!cache_.reserve(std::span(job.hashes).first(reusable), blocks_needed(prompt, reply_tokens(job)), job.held, found,
                      &evicted)) {
    return;
  }
  if (config_.block_events && !evicted.empty()) {
    block_events_.push_back({.kind = BlockEvent::Kind::removed, .hashes = std::move(evicted)});
  }
  waiting_.pop_front();
  prefilling_ = id;
  ++running_;
  job.committed = found;
  job.cached_tokens = found * config_.block_tokens;
  job.began = at;
  totals_.prompt_tokens += prompt;
  totals_.cached_tokens += job.cached_tokens;
  const Duration prefill = config_.overhead + config_.prefill_time(job.cached_tokens, prompt);
  hold_up(share_of(prefill, config_.interference), at);
  schedule(id, job, at + prefill);
}

// The job's due moment: its prefill ends, or its next token is there.
void Engine::step(RequestId id, Job& job) {
  const Instant at = job.due;
  const std::uint32_t wanted = reply_tokens(job);
  const bool prefilled = prefilling_ == id;
  if (prefilled) {
    prefilling_ = 0;
    job.first_token = at;
  }
  if (job.produced < wanted) {
    emit(job.produced == 0 ? EventKind::first_token : EventKind::token, id, job, at, job.produced);
    ++job.produced;
    ++totals_.generated_tokens;
  }
  commit_up_to(job, job.request.prompt_tokens + (job.produced > 0 ? job.produced - 1 : 0));
  if (job.produced == wanted) {
    finish(id, job, at);
  } else {
    schedule(id, job, job.first_token + time_for(job.produced, config_.decode_rate));
  }
  start_waiting(at);
}

void Engine::finish(RequestId id, Job& job, Instant at) {
  emit(EventKind::done, id, job, at, job.produced);
  cache_.release(job.held);
  --running_;
  ++totals_.finished;
  jobs_.erase(id);
}

void Engine::commit_up_to(Job& job, std::uint32_t tokens) {
  const std::uint32_t full = tokens / config_.block_tokens;
  for (; job.committed < full; ++job.committed) {
    // A block found in the cache after all (an equal request was faster) stays private.
    const bool stored = cache_.commit(job.held[job.committed], job.hashes[job.committed]);
    if (stored && config_.block_events) note_stored(job, job.committed);
  }
}

// A block behind the one that was noted last goes into the same event.
void Engine::note_stored(const Job& job, std::uint32_t block) {
  const BlockHash parent = block == 0 ? 0 : job.hashes[block - 1];
  const bool goes_on = block > 0 && !block_events_.empty() && block_events_.back().kind == BlockEvent::Kind::stored &&
                       block_events_.back().hashes.back() == parent;
  if (!goes_on) {
    block_events_.push_back({.kind = BlockEvent::Kind::stored,
                             .begins = block == 0,
                             .parent = parent,
                             .adapter = job.request.adapter,
                             .salt = job.request.salt});
  }
  BlockEvent& event = block_events_.back();
  event.hashes.push_back(job.hashes[block]);
  const auto tokens =
      std::span(job.request.tokens).subspan(std::size_t{block} * config_.block_tokens, config_.block_tokens);
  event.tokens.insert(event.tokens.end(), tokens.begin(), tokens.end());
}

bool Engine::reset_cache() {
  if (!cache_.clear()) return false;
  if (config_.block_events) block_events_.push_back({.kind = BlockEvent::Kind::cleared});
  return true;
}

// Engines prefill in chunks: what was computed when the request was cut off is there for the next.
void Engine::commit_cut_prefill(Job& job, Instant now) {
  const Duration computing = (now - job.began) - config_.overhead;
  if (computing.ns <= 0) return;
  const std::uint32_t computed = config_.prefilled_in(computing, job.cached_tokens, job.request.prompt_tokens);
  commit_up_to(job, job.cached_tokens + computed);
}

// All tokens of those that decode come so much later, or earlier again when a prefill was cut off.
void Engine::hold_up(Duration time, Instant at) {
  if (time.ns == 0) return;
  std::set<std::pair<Instant, RequestId>> moved;
  for (auto [due, id] : due_) {
    if (id != prefilling_) {
      Job& job = jobs_.at(id);
      job.first_token = job.first_token + time;
      due = job.due = std::max(at, due + time);
    }
    moved.emplace(due, id);
  }
  due_ = std::move(moved);
}

void Engine::schedule(RequestId id, Job& job, Instant at) {
  job.due = at;
  due_.emplace(at, id);
}

void Engine::emit(EventKind kind, RequestId id, const Job& job, Instant at, std::uint32_t index) {
  events_.push_back({kind, id, job.request.tag, at, index, job.cached_tokens});
}

}  // namespace wp::replica
