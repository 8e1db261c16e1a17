#include "dataplane/proxy/source_table.h"

#include <map>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::proxy {
namespace {

Endpoint source(const char* text) {
  return parse_endpoint(text).value();
}

TEST(SourceTable, CountsByAddressWhateverThePort) {
  SourceTable table(8, 1);
  table.add(source("192.0.2.1:1000"));
  table.add(source("192.0.2.1:2000"));
  table.add(source("192.0.2.2:1000"));
  EXPECT_EQ(table.count(source("192.0.2.1:3000")), 2U);
  EXPECT_EQ(table.count(source("192.0.2.2:3000")), 1U);
  EXPECT_EQ(table.count(source("192.0.2.3:3000")), 0U);
  EXPECT_EQ(table.sources(), 2U);
  table.remove(source("192.0.2.1:2000"));
  table.remove(source("192.0.2.1:1000"));
  EXPECT_EQ(table.count(source("192.0.2.1:1")), 0U);
  EXPECT_EQ(table.sources(), 1U);
}

// One customer has a /64 and may use any address in it.
TEST(SourceTable, AnIpv6SourceIsASlash64) {
  SourceTable table(8, 1);
  table.add(source("[2001:db8:1:2::1]:1"));
  table.add(source("[2001:db8:1:2:ffff::9]:2"));
  table.add(source("[2001:db8:1:3::1]:1"));
  EXPECT_EQ(table.count(source("[2001:db8:1:2:a:b:c:d]:1")), 2U);
  EXPECT_EQ(table.count(source("[2001:db8:1:3::]:1")), 1U);
}

// The same bytes as an IPv4 address and as a prefix are two sources.
TEST(SourceTable, FamiliesAreApart) {
  SourceTable table(8, 1);
  table.add(source("32.1.13.184:1"));
  EXPECT_EQ(table.count(source("[2001:db8::]:1")), 0U);
}

// Against a map, at the load that it is bounded by, through every kind of removal.
TEST(SourceTable, AgreesWithAModelWhenFull) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    constexpr std::uint32_t kMost = 64;
    SourceTable table(kMost, seed);
    Rng rng(seed);
    std::map<std::uint32_t, std::uint32_t> model;
    std::vector<std::uint32_t> connections;
    const auto address = [](std::uint32_t i) {
      Endpoint endpoint;
      endpoint.family = Endpoint::Family::v4;
      endpoint.address = {10, 0, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)};
      return endpoint;
    };
    for (int step = 0; step < 5000; ++step) {
      const bool add = connections.empty() || (connections.size() < kMost && rng.chance(0.6));
      if (add) {
        const std::uint32_t from = rng.below(300);
        table.add(address(from));
        ++model[from];
        connections.push_back(from);
      } else {
        std::swap(connections[rng.below(static_cast<std::uint32_t>(connections.size()))], connections.back());
        const std::uint32_t from = connections.back();
        connections.pop_back();
        table.remove(address(from));
        if (--model[from] == 0) model.erase(from);
      }
      ASSERT_EQ(table.sources(), model.size()) << "seed " << seed << " step " << step;
    }
    for (std::uint32_t i = 0; i < 300; ++i) {
      const auto found = model.find(i);
      ASSERT_EQ(table.count(address(i)), found == model.end() ? 0 : found->second)
          << "seed " << seed << " source " << i;
    }
  }
}

}  // namespace
}  // namespace wp::proxy
