#include "tools/replica/replica.h"

#include <algorithm>
#include <array>
#include <utility>

#include <xxhash.h>

#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"
#include "tools/replica/tokenizer.h"

namespace wp::replica {
namespace {

constexpr std::string_view kResponsePrefix = "resp_";

std::uint64_t text_hash(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

constexpr std::array<std::pair<std::string_view, HealthMode>, 5> kHealthWords = {{{"ok", HealthMode::ok},
                                                                                  {"loading", HealthMode::loading},
                                                                                  {"fail", HealthMode::fail},
                                                                                  {"hang", HealthMode::hang},
                                                                                  {"absent", HealthMode::absent}}};

ApiError refusal(Refusal why, const EngineConfig& engine, std::size_t prompt, std::uint32_t reply) {
  if (why == Refusal::queue_full) return {503, "The engine's queue is full. Try again later.", ""};
  return {400,
          "This model's maximum context length is " + std::to_string(engine.kv_tokens) +
              " tokens. However, you requested " + std::to_string(prompt + reply) + " tokens (" +
              std::to_string(prompt) + " in the prompt, " + std::to_string(reply) + " in the reply).",
          ""};
}

}  // namespace

std::optional<HealthMode> parse_health(std::string_view word) {
  const auto found = std::ranges::find(kHealthWords, word, &decltype(kHealthWords)::value_type::first);
  if (found == kHealthWords.end()) return {};
  return found->second;
}

Replica::Replica(ReplicaConfig config)
    : config_(std::move(config)),
      engine_(config_.engine),
      faults_(config_.faults, text_hash(config_.name, config_.seed)) {
  WP_ASSERT(!config_.models.empty());
  WP_ASSERT(config_.default_tokens_min > 0 && config_.default_tokens_min <= config_.default_tokens_max);
}

// 24 hexadecimal digits, different for every request of every replica of a run with distinct names.
std::string Replica::next_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::uint64_t own = text_hash(config_.name, config_.seed);
  const std::uint64_t count = ++ids_;
  const std::uint64_t words[2] = {mix64(own ^ mix64(count)), mix64(own + count)};
  std::string id;
  for (std::size_t i = 0; i < 24; ++i) id += kDigits[words[i / 16] >> (i % 16 * 4) & 15U];
  return id;
}

std::expected<void, ApiError> Replica::join_previous(Ask& ask) const {
  if (ask.previous_response_id.empty()) return {};
  const auto found = std::find_if(stored_.begin(), stored_.end(),
                                  [&](const Stored& stored) { return stored.id == ask.previous_response_id; });
  if (found == stored_.end()) {
    return std::unexpected(
        ApiError{404, "Response with id '" + ask.previous_response_id + "' not found.", "previous_response_id"});
  }
  ask.prompt.insert(ask.prompt.begin() + static_cast<std::ptrdiff_t>(ask.turns_at), found->turns.begin(),
                    found->turns.end());
  return {};
}

std::expected<Started, ApiError> Replica::start(Instant now, Ask&& ask, std::uint64_t tag) {
  if (config_.health == HealthMode::loading) return std::unexpected(ApiError{503, "Loading model", ""});
  if (ask.model.empty()) ask.model = config_.models.front();
  if (std::find(config_.models.begin(), config_.models.end(), ask.model) == config_.models.end()) {
    return std::unexpected(ApiError{404, "The model `" + ask.model + "` does not exist.", "model"});
  }
  if (auto joined = join_previous(ask); !joined) return std::unexpected(joined.error());

  const ReplyPlan plan = plan_reply(ask, config_);
  const std::uint32_t reply = plan.tokens;
  const std::size_t prompt_tokens = ask.prompt.size();
  if (prompt_tokens + reply > std::size_t{config_.engine.kv_tokens} + 1) {
    return std::unexpected(refusal(Refusal::too_long, config_.engine, prompt_tokens, reply));
  }
  Started started;
  Answer& answer = started.answer;
  answer = make_answer(ask, plan, config_);
  Request request;
  request.root = text_hash(ask.cache_salt, text_hash(ask.model, 0));
  if (ask.model != config_.models.front()) request.adapter = ask.model;
  request.salt = ask.cache_salt;
  request.prompt_tokens = static_cast<std::uint32_t>(prompt_tokens);
  request.tag = tag;
  request.tokens = std::move(ask.prompt);
  append(request.tokens, answer.text);
  if (ask.store) {
    answer.turns.assign(request.tokens.begin() + static_cast<std::ptrdiff_t>(ask.turns_at), request.tokens.end());
    append(answer.turns, Mark::end);
  }
  const auto id = engine_.submit(now, std::move(request));
  if (!id) return std::unexpected(refusal(id.error(), config_.engine, prompt_tokens, reply));

  started.id = *id;
  answer.id = next_id();
  answer.created = unix_seconds(now);
  ask.prompt.clear();
  answer.ask = std::move(ask);
  return started;
}

void Replica::finished(Answer& answer) {
  if (answer.turns.empty()) return;
  stored_tokens_ += answer.turns.size();
  stored_.push_back({std::string(kResponsePrefix) + answer.id, std::move(answer.turns)});
  while (stored_.size() > kMaxStored || stored_tokens_ > kMaxStoredTokens) {
    stored_tokens_ -= stored_.front().turns.size();
    stored_.pop_front();
  }
}

bool Replica::cancel(RequestId id, Instant now) {
  if (!engine_.cancel(id, now)) return false;
  last_cancel_ = now;
  return true;
}

}  // namespace wp::replica
