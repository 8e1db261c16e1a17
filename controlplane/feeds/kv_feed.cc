#include "controlplane/feeds/kv_feed.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wp::feeds {

KvFeed::KvFeed(boost::asio::io_context& io, GatewayLink& link, KvFeedConfig config)
    : io_(io), link_(link), config_(std::move(config)), timer_(io) {}

void KvFeed::say_once(const std::string& replica, const std::string& line) {
  if (line.empty()) {
    if (said_.erase(replica) > 0) config_.say("replica " + replica + ": its KV events are read");
    return;
  }
  std::string& last = said_[replica];
  if (last == line) return;
  last = line;
  config_.say("replica " + replica + ": " + line);
}

void KvFeed::follow(std::span<const Target> targets) {
  std::map<std::string, const Target*> wanted;
  for (const Target& target : targets) {
    if (target.kv_events != 0 && target.kv_replay != 0) wanted.emplace(target.replica, &target);
  }
  std::erase_if(engines_, [&](const auto& entry) {
    const auto found = wanted.find(entry.first);
    return found == wanted.end() || !entry.second->same_as(*found->second);
  });
  std::erase_if(said_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const auto& [replica, target] : wanted) {
    if (engines_.contains(replica)) continue;
    auto engine = std::make_unique<KvEngine>(io_, context_, *target, config_.now);
    if (const auto opened = engine->open(); opened) {
      engines_.emplace(replica, std::move(engine));
    } else {
      say_once(replica, opened.error());
    }
  }
  if (running_ || engines_.empty()) return;
  running_ = true;
  ask();
}

void KvFeed::ask() {
  if (engines_.empty()) {
    running_ = false;
    prompts_.clear();
    return;
  }
  for (const auto& [replica, engine] : engines_) {
    engine->look(config_.interval, config_.timeout);
    say_once(replica, engine->silent() ? "its KV events cannot be asked for" : "");
  }
  link_.ask("POST", "/v1/prompts", "", [this](const Answer& answer) { take(answer); });
}

// A link that is gone ends the process, which whoever asks for the replicas sees, too.
void KvFeed::take(const Answer& answer) {
  if (!answer) return;
  auto notes = read_prompt_notes(answer->body);
  if (!notes) return rest();
  note(std::move(*notes));
  settle();
  report();
}

KvEngine* KvFeed::engine_of(std::uint64_t prompt) {
  const auto found = prompts_.find(prompt);
  if (found == prompts_.end()) return nullptr;
  const auto engine = engines_.find(found->second);
  return engine == engines_.end() ? nullptr : engine->second.get();
}

void KvFeed::note(PromptNotes notes) {
  for (PromptNotes::Sent& sent : notes.sent) {
    const auto engine = engines_.find(sent.replica);
    if (engine == engines_.end() || engine->second->target().generation != sent.generation) continue;
    if (prompts_.size() >= kMaxPrompts) prompts_.clear();  // ends that never came, of a gateway that dropped them
    prompts_.emplace(sent.prompt.number, sent.replica);
    engine->second->holdings().prompts.sent(std::move(sent.prompt));
  }
  for (const PromptNotes::FirstByte& first : notes.first_bytes) {
    if (KvEngine* engine = engine_of(first.number)) engine->holdings().prompts.first_byte(first.number, first.at);
  }
  for (const PromptEnd& end : notes.ended) {
    if (KvEngine* engine = engine_of(end.number)) engine->holdings().prompts.ended(end, config_.now());
    prompts_.erase(end.number);
  }
}

void KvFeed::settle() {
  for (const auto& [replica, engine] : engines_) {
    ReplicaHoldings& holdings = engine->holdings();
    if (engine->whole()) holdings.prompts.settle(holdings.cache, book_, engine->known_until(), config_.now());
    holdings.note_blocks(book_);
  }
  // What one engine showed is known of all.
  const std::vector<PromptKey> changed = book_.take_changed();
  for (const auto& [replica, engine] : engines_) engine->holdings().note_keys(changed, book_);
}

// Of those engines of which all is known: something, where there is something to say or a look has found nothing new.
void KvFeed::report() {
  std::vector<HoldingsEntry> entries;
  for (const auto& [replica, engine] : engines_) {
    const bool confirmed = engine->take_confirmed();
    if (!engine->whole() || !(confirmed || engine->holdings().has_news())) continue;
    entries.push_back({replica, engine->target().generation, engine->holdings().next(book_), engine->counts()});
    if (entries.size() == kMaxReadings) break;
  }
  if (entries.empty()) return rest();
  link_.ask("POST", "/v1/reports", write_holdings(entries, config_.reporter),
            [this](const Answer& answer) { reported(answer); });
}

void KvFeed::reported(const Answer& answer) {
  if (!answer) return;
  for (const RefusedHoldings& refused : read_refused_holdings(answer->body)) {
    const auto engine = engines_.find(refused.replica);
    if (engine == engines_.end()) continue;
    // The gateway may have seen the engine start anew: that is looked at before all is told again.
    engine->second->doubt();
    engine->second->holdings().begin_anew(book_);
    say_once(refused.replica, "what it holds is refused: " + refused.error);
  }
  rest();
}

void KvFeed::rest() {
  timer_.expires_after(std::chrono::nanoseconds(config_.round.ns));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) ask();
  });
}

}  // namespace wp::feeds
