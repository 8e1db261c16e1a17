#include "dataplane/tcp/retransmission_timeout.h"

#include <gtest/gtest.h>

namespace wp::tcp {
namespace {

const TcpConfig kConfig;

TEST(RetransmissionTimeout, BeginsWithASecond) {
  EXPECT_EQ(RetransmissionTimeout().value(kConfig), seconds(1));
}

TEST(RetransmissionTimeout, FollowsTheFormulasOfRfc6298) {
  RetransmissionTimeout timeout;
  timeout.sample(millis(800));  // SRTT 800, RTTVAR 400
  EXPECT_EQ(timeout.value(kConfig), millis(2400));
  timeout.sample(millis(400));  // RTTVAR 300 + 100, SRTT 700 + 50
  EXPECT_EQ(timeout.smoothed(), millis(750));
  EXPECT_EQ(timeout.value(kConfig), millis(750 + 4 * 400));
}

TEST(RetransmissionTimeout, StaysWithinItsBounds) {
  RetransmissionTimeout timeout;
  timeout.sample(micros(10));
  EXPECT_EQ(timeout.value(kConfig), kConfig.rto_min);
  timeout.sample(seconds(10'000));
  EXPECT_EQ(timeout.value(kConfig), kConfig.rto_max);
}

TEST(RetransmissionTimeout, DoublesUntilAMeasurement) {
  RetransmissionTimeout timeout;
  timeout.sample(millis(100));
  const Duration base = timeout.value(kConfig);
  timeout.back_off();
  EXPECT_EQ(timeout.value(kConfig), base * 2);
  timeout.back_off();
  EXPECT_EQ(timeout.value(kConfig), base * 4);
  for (int i = 0; i < 300; ++i) timeout.back_off();
  EXPECT_EQ(timeout.value(kConfig), kConfig.rto_max);
  // Found by a packet world: without this a connection that timed out six times waited a minute at every later loss.
  timeout.sample(millis(100));
  EXPECT_LE(timeout.value(kConfig), base);
}

TEST(RetransmissionTimeout, AfterALostSynDataBeginsWithThreeSeconds) {
  RetransmissionTimeout timeout;
  timeout.distrust();
  EXPECT_EQ(timeout.value(kConfig), seconds(3));
  timeout.sample(millis(10));
  EXPECT_EQ(timeout.value(kConfig), kConfig.rto_min);
}

}  // namespace
}  // namespace wp::tcp
