#include "controlplane/feeds/replica_holdings.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "dataplane/base/hash_text.h"

namespace wp::feeds {
namespace {

using Json = nlohmann::json;

Json hex_list(std::span<const PromptKey> keys) {
  Json list = Json::array();
  for (const PromptKey key : keys) list.push_back(hash_text(key));
  return list;
}

}  // namespace

void ReplicaHoldings::forget() {
  cache.clear();
  static_cast<void>(cache.take_changed());
  prompts.forget();
  told_.clear();
  open_.clear();
  cleared_ = true;
}

void ReplicaHoldings::begin_anew(const PromptBook& book) {
  told_.clear();
  open_.clear();
  cleared_ = true;
  for (const ChainKey block : cache.all_held()) {
    for (const PromptKey key : book.at(block)) open_.insert(key);
  }
}

void ReplicaHoldings::note_blocks(const PromptBook& book) {
  for (const ChainKey block : cache.take_changed()) {
    for (const PromptKey key : book.at(block)) open_.insert(key);
  }
}

// What is not here and was not told stays as it is: it may be on its way.
void ReplicaHoldings::note_keys(std::span<const PromptKey> keys, const PromptBook& book) {
  for (const PromptKey key : keys) {
    const PromptBook::Place* place = book.find(key);
    if (told_.contains(key) || (place != nullptr && cache.holds(place->block))) open_.insert(key);
  }
}

HoldingsDiff ReplicaHoldings::next(const PromptBook& book) {
  HoldingsDiff diff{.sequence = ++sequence_, .cleared = std::exchange(cleared_, false)};
  for (auto at = open_.begin(); at != open_.end();) {
    if (diff.holds.size() + diff.dropped.size() >= kMostKeys) break;
    const PromptKey key = *at;
    at = open_.erase(at);
    const PromptBook::Place* place = book.find(key);
    if (place != nullptr && cache.holds(place->block)) {
      if (told_.insert(key).second) diff.holds.push_back(key);
    } else {
      // Never told, it may be expected there.
      told_.erase(key);
      if (!diff.cleared) diff.dropped.push_back(key);
    }
  }
  return diff;
}

std::string write_holdings(std::span<const HoldingsEntry> entries, std::string_view reporter) {
  Json holdings = Json::array();
  for (const HoldingsEntry& entry : entries) {
    Json counts = Json::object();
    for (const auto& [name, sum] : entry.counts) counts[name] = sum;
    holdings.push_back({{"replica", entry.replica},
                        {"generation", entry.generation},
                        {"sequence", entry.diff.sequence},
                        {"cleared", entry.diff.cleared},
                        {"dropped", hex_list(entry.diff.dropped)},
                        {"holds", hex_list(entry.diff.holds)},
                        {"counts", std::move(counts)}});
  }
  return Json{{"version", 1}, {"reporter", reporter}, {"holdings", std::move(holdings)}}.dump();
}

std::vector<RefusedHoldings> read_refused_holdings(std::string_view body) {
  std::vector<RefusedHoldings> refused;
  const Json json = Json::parse(body, nullptr, false);
  const Json holdings = json.is_object() ? json.value("holdings", Json()) : Json();
  const Json list = holdings.is_object() ? holdings.value("refused", Json()) : Json();
  if (!list.is_array()) return refused;
  for (const Json& one : list) {
    if (!one.is_object()) continue;
    const Json replica = one.value("replica", Json());
    const Json error = one.value("error", Json());
    if (replica.is_string() && error.is_string()) {
      refused.push_back({replica.get<std::string>(), error.get<std::string>()});
    }
  }
  return refused;
}

}  // namespace wp::feeds
