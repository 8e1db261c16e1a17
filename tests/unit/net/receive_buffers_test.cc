// The buffers of the io_uring transport: how many the kernel is lent, and receives that fill several at a time.
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <sys/utsname.h>

#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

class BundledReceive : public NetTest<Uring> {
 protected:
  // Limited multishots came with Linux 6.17, bundles before.
  void SetUp() override {
    NetTest::SetUp();
    utsname system{};
    ASSERT_EQ(uname(&system), 0);
    const std::string_view release = system.release;
    int major = 0;
    int minor = 0;
    const auto dot = std::from_chars(release.data(), release.data() + release.size(), major).ptr;
    std::from_chars(dot + 1, release.data() + release.size(), minor);
    if (major < 6 || (major == 6 && minor < 17)) GTEST_SKIP() << "this kernel has no limited multishot receives";
  }
};

// A request of some kilobytes, sent at once, costs one receive and not one a buffer.
TEST_F(BundledReceive, BringsMoreThanABuffer) {
  World<Uring> world;
  auto [peer, id] = world.join(world.listen());
  const std::string sent = pattern(8'000);
  ASSERT_EQ(peer.send(sent), sent.size());
  std::string got;
  ASSERT_TRUE(world.until([&] {
    drain(world.ports.get(id), got);
    return got.size() == sent.size();
  }));
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(world.net->counters().receives.value(), 1U);
}

// Ends and resets name a buffer that they do not take: were it counted as taken it would be lent twice, and were one
// lost with each, none of sixteen would be left.
TEST_F(BundledReceive, EndsKeepNoBuffer) {
  stream::StreamLimits limits = small_limits();
  limits.receive_entries = 16;
  World<Uring> world(limits);
  world.app = echo;
  const Endpoint to = world.listen();
  const std::string sent = pattern(9'000);
  for (int i = 0; i < 40; ++i) {
    Peer peer = Peer::connect(to);
    ASSERT_EQ(peer.send(sent), sent.size());
    ASSERT_TRUE(world.until([&] {
      peer.receive();
      return peer.got.size() == sent.size();
    }));
    ASSERT_TRUE(peer.got == sent);
    if (i % 2 == 0) peer.finish();
    if (i % 2 != 0) peer.reset();
    ASSERT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  }
  EXPECT_EQ(world.net->counters().receive_starved.value(), 0U);
}

class LentBuffers : public NetTest<Uring> {};

// As many as turns take, so that those of a quiet loop stay in cache.
TEST_F(LentBuffers, FollowWhatTurnsTake) {
  World<Uring> world;
  world.app = echo;
  const Endpoint to = world.listen();
  const auto lent = [&] { return world.ports.receive_pool().lent(); };
  auto [quiet, id] = world.join(to);
  const auto trip = [&, &quiet = quiet] {
    quiet.got.clear();
    ASSERT_EQ(quiet.send("ping"), 4U);
    ASSERT_TRUE(world.until([&] { return quiet.receive(), quiet.got.size() == 4; }));
  };
  trip();
  EXPECT_EQ(lent(), BufferRing::kFewestLent);
  std::vector<Peer> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(world.join(to).first);
  const std::string flood = pattern(16'384);
  for (Peer& peer : crowd) peer.send(flood);
  ASSERT_TRUE(world.until([&] { return lent() > BufferRing::kFewestLent; }));
  for (int i = 0; i < 2000 && lent() > BufferRing::kFewestLent; ++i) trip();
  EXPECT_EQ(lent(), BufferRing::kFewestLent);
}

}  // namespace
}  // namespace wp::net::test
