#include "controlplane/feeds/prompt_matcher.h"

#include <algorithm>
#include <utility>

namespace wp::feeds {
namespace {

PromptKey whole_key(const SentPrompt& prompt) {
  return prompt.rungs.back().key;
}

// Whole blocks of the prompt before that byte of it. Tokens are taken to be as long everywhere in it.
std::uint32_t depth_at(const SentPrompt& prompt, std::uint32_t tokens, std::uint32_t end, std::uint32_t block_tokens) {
  const auto before = static_cast<unsigned __int128>(end) * tokens / prompt.bytes;
  return static_cast<std::uint32_t>(before / block_tokens);
}

bool lies_on(std::span<const ChainKey> path, const PromptBook::Place& place) {
  return place.depth <= path.size() && path[place.depth - 1] == place.block;
}

}  // namespace

void PromptMatcher::sent(SentPrompt prompt) {
  if (prompts_.size() >= limits_.prompts) {
    if (!prompts_.front().settled) ++counts_.lost;
    prompts_.pop_front();
  }
  prompts_.push_back({.asked = std::move(prompt)});
}

PromptMatcher::Prompt* PromptMatcher::find(std::uint64_t number) {
  const auto found =
      std::ranges::find_if(prompts_, [&](const Prompt& prompt) { return prompt.asked.number == number; });
  return found == prompts_.end() ? nullptr : &*found;
}

void PromptMatcher::first_byte(std::uint64_t number, Instant at) {
  if (Prompt* found = find(number)) found->first_byte = at;
}

void PromptMatcher::ended(const PromptEnd& end, Instant at) {
  Prompt* found = find(end.number);
  if (found == nullptr) return;
  found->end = end;
  found->over = at;
  if (!end.prompt_tokens || !found->first_byte) settle_as(*found, &Counts::untold);
}

void PromptMatcher::forget() {
  counts_.lost += open();
  prompts_.clear();
  claims_.clear();
}

std::size_t PromptMatcher::open() const {
  return static_cast<std::size_t>(std::ranges::count(prompts_, false, &Prompt::settled));
}

void PromptMatcher::settle_as(Prompt& prompt, std::uint64_t Counts::* count) {
  ++(counts_.*count);
  prompt.settled = true;
  prompt.matched = count == &Counts::matched;
}

void PromptMatcher::settle(const BlockCache& cache, PromptBook& book, Instant known, Instant now) {
  // What one prompt is made out to be tells others apart, which may have come before it.
  for (std::uint64_t before = UINT64_MAX; before != counts_.matched;) {
    before = counts_.matched;
    for (Prompt& prompt : prompts_) {
      if (!prompt.over || prompt.settled || prompt.next > now) continue;
      if (*prompt.first_byte + limits_.slack > known) continue;
      if (judge(prompt, cache, book, now, limits_.slack) || *prompt.first_byte + limits_.late > known) continue;
      if (!judge(prompt, cache, book, now, limits_.late)) settle_as(prompt, &Counts::unseen);
    }
  }
  for (Prompt& prompt : prompts_) {
    const bool waits = prompt.over && !prompt.settled && *prompt.first_byte + limits_.slack <= known;
    if (waits && prompt.next <= now) prompt.next = now + limits_.again;
  }
  drop_old(now);
}

void PromptMatcher::drop_old(Instant now) {
  std::erase_if(prompts_,
                [&](const Prompt& prompt) { return prompt.settled && prompt.asked.sent + limits_.remember < now; });
  std::erase_if(claims_, [&](const auto& claim) { return claim.second.at + limits_.remember < now; });
}

bool PromptMatcher::judge(Prompt& prompt, const BlockCache& cache, PromptBook& book, Instant now, Duration after) {
  const std::vector<Candidate> all = candidates(prompt, cache, after);
  if (all.empty()) return false;
  std::vector<Candidate> fitting = all;
  std::erase_if(fitting, [&](const Candidate& one) { return !agrees(prompt, one.path, cache, book); });
  if (fitting.size() > 1) {
    std::erase_if(fitting, [&](const Candidate& one) { return strange(prompt, one.path, book); });
  }
  if (fitting.size() == 1 && !has_rival(prompt, fitting.front(), cache, book, after)) {
    const Candidate& its = fitting.front();
    claims_[its.path.back()] = {whole_key(prompt.asked), its.at};
    settle_as(prompt, &Counts::matched);
    learn(prompt, its.path, cache, book);
  } else if (fitting.empty() && all.size() == 1 && !has_rival(prompt, all.front(), cache, book, after)) {
    contradict(prompt, all.front().path, book);
    settle_as(prompt, &Counts::contradicted);
  } else if (*prompt.over + limits_.patience <= now) {
    settle_as(prompt, &Counts::ambiguous);
  }
  return true;
}

bool PromptMatcher::overlaps(const Prompt& prompt, Instant at, Duration after) const {
  if (at < prompt.asked.sent - limits_.slack) return false;
  return !prompt.first_byte || at <= *prompt.first_byte + after;
}

std::vector<PromptMatcher::Candidate> PromptMatcher::candidates(const Prompt& prompt, const BlockCache& cache,
                                                                Duration after) const {
  const std::uint32_t block_tokens = cache.block_tokens();
  const std::uint32_t depth = block_tokens == 0 ? 0 : *prompt.end.prompt_tokens / block_tokens;
  const std::uint32_t cached = block_tokens == 0 ? 0 : prompt.end.cached_tokens.value_or(0) / block_tokens;
  if (depth == 0 || cached >= depth) return {};
  const Instant from = prompt.asked.sent - limits_.slack;
  const Instant to = *prompt.first_byte + after;
  std::vector<BlockCache::Run> runs = cache.runs(depth, depth, from, to);
  // Blocks of the reply may have come in one batch with the last of the prompt.
  if (runs.empty()) {
    const std::uint32_t tokens = *prompt.end.prompt_tokens + prompt.end.completion_tokens.value_or(0);
    runs = cache.runs(depth, tokens / block_tokens, from, to);
    std::erase_if(runs, [&](const BlockCache::Run& run) { return run.from > depth; });
  }
  std::vector<Candidate> found;
  for (const BlockCache::Run& run : runs) {
    Candidate one{cache.path(run.last), run.at};
    if (one.path.size() < depth) continue;  // evicted again
    one.path.resize(depth);
    const auto claim = claims_.find(one.path.back());
    if (claim != claims_.end() && claim->second.whole != whole_key(prompt.asked)) continue;
    // What was there before it was sent was found there, and more was not.
    if (prompt.end.cached_tokens && cache.older(one.path, from) > cached) continue;
    const bool known =
        std::ranges::any_of(found, [&](const Candidate& other) { return other.path.back() == one.path.back(); });
    if (!known) found.push_back(std::move(one));
  }
  return found;
}

// Where a key ends is known to a part of it, so that the longest may lie beyond what is shared: of that, half is to be
// on the path.
bool PromptMatcher::agrees(const Prompt& prompt, Path path, const BlockCache& cache, const PromptBook& book) {
  PromptRung longest;
  for (const PromptRung& rung : prompt.asked.rungs) {
    if (rung.end > longest.end && book.find(rung.key) != nullptr) longest = rung;
  }
  if (longest.end == 0) return true;
  const PromptBook::Place& last = *book.find(longest.key);
  if (const std::vector<ChainKey> known = cache.path(last.block); !known.empty()) {
    const auto parted = std::ranges::mismatch(known, path).in1;
    const auto common = static_cast<std::size_t>(parted - known.begin());
    if (common < std::min(path.size(), (known.size() + 1) / 2)) return false;
  }
  return std::ranges::all_of(prompt.asked.rungs, [&](const PromptRung& rung) {
    const PromptBook::Place* place = rung.end > longest.end / 2 ? nullptr : book.find(rung.key);
    return place == nullptr || place->depth > path.size() || lies_on(path, *place);
  });
}

// The path goes on behind the place of another prompt's key whose own has the same length and differs.
bool PromptMatcher::strange(const Prompt& prompt, Path path, const PromptBook& book) {
  for (std::size_t i = 0; i < path.size() * 2 / 3; ++i) {
    for (const PromptKey key : book.at(path[i])) {
      const std::uint32_t end = book.find(key)->end;
      if (end > prompt.asked.bytes / 2) continue;
      const bool differs = std::ranges::any_of(
          prompt.asked.rungs, [&](const PromptRung& rung) { return rung.end == end && rung.key != key; });
      if (differs) return true;
    }
  }
  return false;
}

// Whether the chain could be that of another prompt that is not made out.
bool PromptMatcher::has_rival(const Prompt& prompt, const Candidate& candidate, const BlockCache& cache,
                              const PromptBook& book, Duration after) const {
  const std::uint64_t depth = candidate.path.size();
  return std::ranges::any_of(prompts_, [&](const Prompt& other) {
    if (&other == &prompt || other.matched || whole_key(other.asked) == whole_key(prompt.asked)) return false;
    if (!overlaps(other, candidate.at, after)) return false;
    if (other.end.prompt_tokens && other.first_byte) {
      if (*other.end.prompt_tokens / cache.block_tokens() != depth) return false;
      // It has another that it may have left.
      const auto is_another = [&](const Candidate& one) { return one.path.back() != candidate.path.back(); };
      if (std::ranges::any_of(candidates(other, cache, after), is_another)) return false;
    } else {
      const std::uint64_t about = other.asked.estimated_tokens / cache.block_tokens();
      if (depth > 2 * about + 2 || about > 2 * depth + 2) return false;
    }
    return agrees(other, candidate.path, cache, book) && !strange(other, candidate.path, book);
  });
}

// One of the two is wrong, and nobody knows which.
void PromptMatcher::contradict(const Prompt& prompt, Path path, PromptBook& book) {
  for (const PromptRung& rung : prompt.asked.rungs) {
    const PromptBook::Place* place = book.find(rung.key);
    if (place != nullptr && place->depth <= path.size() && !lies_on(path, *place)) book.forget(rung.key);
  }
}

void PromptMatcher::learn(const Prompt& prompt, Path path, const BlockCache& cache, PromptBook& book) {
  for (const PromptRung& rung : prompt.asked.rungs) {
    const std::uint32_t depth = depth_at(prompt.asked, *prompt.end.prompt_tokens, rung.end, cache.block_tokens());
    if (depth == 0) continue;
    std::uint32_t at = depth;
    if (const PromptBook::Place* place = book.find(rung.key)) {
      if (lies_on(path, *place)) {
        at = place->depth;
      } else if (const std::vector<ChainKey> old = cache.path(place->block); !old.empty()) {
        // Both prompts begin so: it ends where they part, at the latest.
        const auto parted = std::ranges::mismatch(old, path).in1;
        at = std::min(depth, static_cast<std::uint32_t>(parted - old.begin()));
      }
    }
    if (at == 0) {
      book.forget(rung.key);
    } else if (book.put(rung.key, {path[at - 1], at, rung.end})) {
      ++counts_.displaced;
    }
  }
}

}  // namespace wp::feeds
