#include "controlplane/publisher.h"

#include <gtest/gtest.h>

namespace wp::control {
namespace {

using balance::Snapshot;

std::unique_ptr<const Snapshot> version(std::uint64_t number) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->version = number;
  return snapshot;
}

TEST(Publisher, WithoutReadersAnOldSnapshotGoesAtOnce) {
  Qsbr qsbr;
  Published<Snapshot> published;
  Publisher publisher(published, qsbr);
  publisher.publish(version(1));
  EXPECT_EQ(published.read()->version, 1U);
  publisher.publish(version(2));
  EXPECT_EQ(published.read()->version, 2U);
  EXPECT_EQ(publisher.counters().published.value(), 2U);
  EXPECT_EQ(publisher.counters().freed.value(), 1U);
  EXPECT_EQ(publisher.counters().held.value(), 0U);
}

TEST(Publisher, AReaderThatDoesNotTurnHoldsEverySnapshotSince) {
  Qsbr qsbr;
  Published<Snapshot> published;
  Publisher publisher(published, qsbr);
  publisher.publish(version(1));
  qsbr.quiescent(3);
  const Snapshot* read = published.read();
  for (std::uint64_t v = 2; v <= 1001; ++v) publisher.publish(version(v));
  EXPECT_EQ(publisher.reclaim(), 1000U);
  EXPECT_EQ(publisher.counters().held.value(), 1000U);
  EXPECT_EQ(publisher.counters().freed.value(), 0U);
  EXPECT_EQ(read->version, 1U) << "what the reader holds is untouched";
  qsbr.quiescent(3);  // one turn, and all of it may go
  EXPECT_EQ(publisher.reclaim(), 0U);
  EXPECT_EQ(publisher.counters().freed.value(), 1000U);
  EXPECT_EQ(published.read()->version, 1001U);
  qsbr.offline(3);
}

TEST(Publisher, AReaderThatWentOfflineHoldsNothing) {
  Qsbr qsbr;
  Published<Snapshot> published;
  Publisher publisher(published, qsbr);
  publisher.publish(version(1));
  qsbr.quiescent(0);
  qsbr.offline(0);
  publisher.publish(version(2));
  EXPECT_EQ(publisher.counters().freed.value(), 1U);
}

TEST(Publisher, OneSlowReaderAmongManyIsEnough) {
  Qsbr qsbr;
  Published<Snapshot> published;
  Publisher publisher(published, qsbr);
  publisher.publish(version(1));
  for (std::size_t reader = 0; reader < 8; ++reader) qsbr.quiescent(reader);
  publisher.publish(version(2));
  for (std::size_t reader = 0; reader < 7; ++reader) qsbr.quiescent(reader);
  EXPECT_EQ(publisher.reclaim(), 1U);
  qsbr.offline(7);
  EXPECT_EQ(publisher.reclaim(), 0U);
  for (std::size_t reader = 0; reader < 7; ++reader) qsbr.offline(reader);
}

}  // namespace
}  // namespace wp::control
