#include "tools/ctl/replica_path.h"

#include <gtest/gtest.h>

namespace wp::ctl {
namespace {

TEST(ReplicaPath, EveryWayToWriteAReplicaIsItsName) {
  EXPECT_EQ(replica_name("10.0.0.1:8000"), "10.0.0.1:8000");
  EXPECT_EQ(replica_name("http://GPU-1:8000/"), "gpu-1:8000");
  EXPECT_EQ(replica_name("http://[0:0::1]"), "[::1]:80");
  EXPECT_EQ(replica_name("10.0.0.1:8000,weight=7"), "10.0.0.1:8000");
  EXPECT_EQ(replica_name("something else"), "something else");
}

TEST(ReplicaPath, WhatWouldEndThePathIsEscaped) {
  EXPECT_EQ(replica_path("10.0.0.1:8000"), "/replicas/10.0.0.1:8000");
  EXPECT_EQ(replica_path("[::1]:80", "drain"), "/replicas/%5B::1%5D:80/drain");
  EXPECT_EQ(replica_path("a/../b?c\r\n"), "/replicas/a%2F..%2Fb%3Fc%0D%0A");
}

}  // namespace
}  // namespace wp::ctl
