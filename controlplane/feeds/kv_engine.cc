#include "controlplane/feeds/kv_engine.h"

#include <algorithm>
#include <utility>

#include <xxhash.h>

#include "controlplane/feeds/kv_batch.h"

namespace wp::feeds {
namespace {

using Verdict = BatchOrder::Verdict;

std::uint64_t digest_of(std::string_view payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

}  // namespace

KvEngine::KvEngine(boost::asio::io_context& io, const ZmqContext& context, Target target, Now now)
    : target_(std::move(target)),
      now_(now),
      source_(io, context,
              {.published = [this](std::uint64_t number, std::string_view batch) { on_published(number, batch); },
               .replayed = [this](std::uint64_t number, std::string_view batch) { on_replayed(number, batch); },
               .replay_ended = [this] { on_replay_ended(); },
               .garbled = [this] { ++garbled_; }}) {}

void KvEngine::on_published(std::uint64_t number, std::string_view payload) {
  // Read in any case: it says what time it is there.
  const auto batch = read_kv_batch(payload);
  const Instant now = now_();
  const Instant at = batch ? clock_.live(batch->unix_seconds, now) : now;
  follow(order_.published(number, digest_of(payload)), batch, at);
}

void KvEngine::on_replayed(std::uint64_t number, std::string_view payload) {
  const Verdict verdict = order_.replayed(number, digest_of(payload));
  if (verdict == Verdict::skip) return;
  const auto batch = read_kv_batch(payload);
  follow(verdict, batch, batch ? clock_.again(batch->unix_seconds, now_()) : now_());
}

void KvEngine::on_replay_ended() {
  if (order_.replay_ended() == Verdict::anew) {
    ++anew_;
    holdings_.forget();
  }
  if (looked_) known_until_ = std::max(known_until_, *looked_);
  confirmed_ = true;
  silent_ = false;
}

void KvEngine::follow(Verdict verdict, const std::expected<KvBatch, std::string>& batch, Instant at) {
  if (!batch) ++garbled_;
  if (verdict == Verdict::anew || verdict == Verdict::apply_anew) {
    ++anew_;
    holdings_.forget();
  }
  if (verdict != Verdict::apply && verdict != Verdict::apply_anew) return;
  // What cannot be read may have said that everything is gone.
  if (!batch) return holdings_.forget();
  ++batches_;
  known_until_ = std::max(known_until_, at);
  holdings_.cache.apply(*batch, at);
}

std::vector<std::pair<const char*, std::uint64_t>> KvEngine::counts() const {
  const PromptMatcher::Counts& prompts = holdings_.prompts.counts();
  const BlockCache::Counts& blocks = holdings_.cache.counts();
  return {{"matched", prompts.matched},
          {"unseen", prompts.unseen},
          {"ambiguous", prompts.ambiguous},
          {"contradicted", prompts.contradicted},
          {"untold", prompts.untold},
          {"lost", prompts.lost},
          {"displaced", prompts.displaced},
          {"batches", batches_},
          {"garbled", garbled_},
          {"anew", anew_},
          {"orphans", blocks.orphans},
          {"overflow", blocks.overflow}};
}

void KvEngine::look(Duration interval, Duration patience) {
  const Instant now = now_();
  if (order_.asking()) {
    if (looked_ && *looked_ + patience > now) return;
    order_.replay_failed();
    silent_ = true;
  } else if (looked_ && !order_.behind() && *looked_ + interval > now) {
    return;
  }
  looked_ = now;
  source_.ask(order_.ask());
}

}  // namespace wp::feeds
