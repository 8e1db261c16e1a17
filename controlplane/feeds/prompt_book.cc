#include "controlplane/feeds/prompt_book.h"

namespace wp::feeds {

const PromptBook::Place* PromptBook::find(PromptKey key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.place;
}

bool PromptBook::put(PromptKey key, const Place& place) {
  const auto found = entries_.find(key);
  bool full = false;
  if (found != entries_.end()) {
    Entry& entry = found->second;
    ages_.splice(ages_.end(), ages_, entry.age);
    if (entry.place.block == place.block) return false;
    detach(key, entry.place.block);
    entry.place = place;
  } else {
    full = entries_.size() >= most_;
    if (full) forget(PromptKey{ages_.front()});
    entries_.emplace(key, Entry{place, ages_.insert(ages_.end(), key)});
  }
  by_block_.emplace(place.block, key);
  changed_.push_back(key);
  return full;
}

void PromptBook::forget(PromptKey key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  detach(key, found->second.place.block);
  ages_.erase(found->second.age);
  entries_.erase(found);
  changed_.push_back(key);
}

void PromptBook::detach(PromptKey key, ChainKey block) {
  const auto [first, last] = by_block_.equal_range(block);
  for (auto at = first; at != last; ++at) {
    if (at->second != key) continue;
    by_block_.erase(at);
    return;
  }
}

std::vector<PromptKey> PromptBook::at(ChainKey block) const {
  std::vector<PromptKey> keys;
  const auto [first, last] = by_block_.equal_range(block);
  for (auto at = first; at != last; ++at) keys.push_back(at->second);
  return keys;
}

}  // namespace wp::feeds
