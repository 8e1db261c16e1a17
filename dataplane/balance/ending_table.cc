#include "dataplane/balance/ending_table.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace wp::balance {
namespace {

constexpr auto kEndingOrder = std::memory_order_relaxed;

// From the top: tag, bytes, tokens. 0 is an empty entry, for no tag is 0.
constexpr std::uint32_t kEndingTagBits = 20;
constexpr std::uint32_t kEndingBytesBits = 24;
constexpr std::uint32_t kEndingTokensBits = 20;
static_assert(kEndingTagBits + kEndingBytesBits + kEndingTokensBits == 64);
constexpr std::uint32_t kLowEndingTag = kEndingBytesBits + kEndingTokensBits;
constexpr std::uint64_t kMostEndingBytes = (1ULL << kEndingBytesBits) - 1;
constexpr std::uint64_t kMostEndingTokens = (1ULL << kEndingTokensBits) - 1;

std::uint64_t ending_tag_of(std::uint64_t rung) {
  return std::max<std::uint64_t>(1, rung >> kLowEndingTag);
}

bool fits(Ending ending) {
  return ending.bytes <= kMostEndingBytes && ending.tokens <= kMostEndingTokens;
}

std::uint64_t make(std::uint64_t rung, Ending ending) {
  return ending_tag_of(rung) << kLowEndingTag | std::uint64_t{ending.bytes} << kEndingTokensBits | ending.tokens;
}

Ending ending_of(std::uint64_t entry) {
  return {.bytes = static_cast<std::uint32_t>(entry >> kEndingTokensBits & kMostEndingBytes),
          .tokens = static_cast<std::uint32_t>(entry & kMostEndingTokens)};
}

}  // namespace

EndingTable::EndingTable(std::uint32_t lines)
    : mask_(std::bit_ceil(std::max(lines, 1U)) - 1), lines_(std::make_unique<Line[]>(std::size_t{mask_} + 1)) {}

std::atomic<std::uint64_t>* EndingTable::entry_of(std::uint64_t rung) const {
  for (auto& entry : lines_[rung & mask_].entries) {
    if (entry.load(kEndingOrder) >> kLowEndingTag == ending_tag_of(rung)) return &entry;
  }
  return nullptr;
}

std::optional<Ending> EndingTable::find(std::uint64_t rung) const {
  const auto* entry = entry_of(rung);
  if (entry == nullptr) return std::nullopt;
  return ending_of(entry->load(kEndingOrder));
}

void EndingTable::note(std::uint64_t rung, Ending ending) {
  if (!fits(ending)) return;
  if (auto* entry = entry_of(rung); entry != nullptr) return entry->store(make(rung, ending), kEndingOrder);
  // One for another: nobody knows which of them goes on.
  auto& entries = lines_[rung & mask_].entries;
  const auto empty = std::ranges::find_if(entries, [](const auto& entry) { return entry.load(kEndingOrder) == 0; });
  auto& entry = empty != entries.end() ? *empty : entries[ending.bytes % kWays];
  entry.store(make(rung, ending), kEndingOrder);
}

void EndingTable::told(std::uint64_t rung, Ending ending) {
  auto* entry = entry_of(rung);
  if (entry == nullptr || !fits(ending) || ending_of(entry->load(kEndingOrder)).bytes != ending.bytes) return;
  entry->store(make(rung, ending), kEndingOrder);
}

}  // namespace wp::balance
