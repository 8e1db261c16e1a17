#include "dataplane/tcp/table.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace wp::tcp {
namespace {

Flow flow(std::uint32_t n, bool v6 = false) {
  Flow made;
  made.local = {.port = 80, .family = v6 ? Endpoint::Family::v6 : Endpoint::Family::v4};
  made.remote = made.local;
  made.remote.address[0] = static_cast<std::uint8_t>(n >> 16U);
  made.remote.port = static_cast<std::uint16_t>(n);
  return made;
}

TEST(SipHash, GivesTheVectorsOfItsAuthors) {
  const HashKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  EXPECT_EQ(siphash(key, {}), 0x726fdb47dd0e0e31ULL);
  const std::uint64_t word[] = {0x0706050403020100ULL};
  EXPECT_EQ(siphash(key, word), 0x93f5f5799a932462ULL);
}

TEST(ConnectionTable, EqualsAMapUnderRandomUse) {
  Rng rng(5);
  const Secret secret(rng);
  constexpr std::uint32_t kCapacity = 500;
  ConnectionTable table(kCapacity, secret);
  std::map<std::uint32_t, std::uint32_t> model;  // flow -> id
  std::set<std::uint32_t> free;
  for (std::uint32_t id = 0; id < kCapacity; ++id) free.insert(id);
  for (int step = 0; step < 50'000; ++step) {
    const std::uint32_t n = rng.below(1'000);
    const auto found = model.find(n);
    ASSERT_EQ(table.find(flow(n, n % 2 == 0)), found == model.end() ? ConnectionTable::kNone : found->second);
    if (found != model.end() && rng.chance(0.5)) {
      table.erase(found->second);
      free.insert(found->second);
      model.erase(found);
    } else if (found == model.end() && !free.empty()) {
      const std::uint32_t id = *free.begin();
      free.erase(free.begin());
      table.insert(flow(n, n % 2 == 0), id);
      model[n] = id;
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(ConnectionTable, ABurstFindsWhatOneAfterTheOtherFinds) {
  Rng rng(6);
  const Secret secret(rng);
  ConnectionTable table(1'000, secret);
  for (std::uint32_t id = 0; id < 1'000; ++id) table.insert(flow(id * 2), id);
  std::array<Flow, ConnectionTable::kBurst> flows;
  std::array<std::uint32_t, ConnectionTable::kBurst> ids{};
  for (Flow& one : flows) one = flow(rng.below(2'000));
  table.find_burst(flows, ids);
  for (std::size_t i = 0; i < flows.size(); ++i) EXPECT_EQ(ids[i], table.find(flows[i]));
}

// A full table of the flows that one peer can choose: sequential addresses and ports.
TEST(ConnectionTable, ProbesStayShort) {
  Rng rng(7);
  const Secret secret(rng);
  ConnectionTable table(32'768, secret);
  for (std::uint32_t id = 0; id < 32'768; ++id) table.insert(flow(id), id);
  EXPECT_LT(table.longest_probe(), 64U);
}

TEST(Secret, SequenceNumbersGrowWithTimeAndDependOnTheFlow) {
  Rng rng(8);
  const Secret secret(rng);
  const Instant now{seconds(1'000).ns};
  const auto first = secret.initial_sequence(flow(1), now);
  EXPECT_EQ(secret.initial_sequence(flow(1), now + seconds(1)) - first, 250'000);  // RFC 6528: every 4 us
  std::set<std::uint32_t> seen;
  for (std::uint32_t n = 0; n < 1'000; ++n) seen.insert(secret.initial_sequence(flow(n), now).value() - first.value());
  EXPECT_GT(seen.size(), 990U);
  EXPECT_EQ(secret.timestamp_offset(flow(1)), secret.timestamp_offset(flow(2)));  // the same two hosts
}

}  // namespace
}  // namespace wp::tcp
