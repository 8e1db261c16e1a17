#include "controlplane/replica_spec.h"

#include <gtest/gtest.h>

namespace wp::control {
namespace {

ReplicaSpec good(std::string_view text) {
  const auto spec = parse_replica_spec(text);
  EXPECT_TRUE(spec.has_value()) << spec.error();
  return spec.value_or(ReplicaSpec{});
}

std::string problem(std::string_view text) {
  const auto spec = parse_replica_spec(text);
  EXPECT_FALSE(spec.has_value()) << text << " was taken as " << spec->name;
  return spec ? "" : spec.error();
}

TEST(ReplicaSpec, UrlAndBareFormNameTheSameReplica) {
  const ReplicaSpec url = good("http://gpu-1.local:8000/");
  const ReplicaSpec bare = good("GPU-1.local:8000");
  EXPECT_EQ(url.name, "gpu-1.local:8000");
  EXPECT_EQ(bare.name, url.name);
  EXPECT_EQ(url.host, "gpu-1.local");
  EXPECT_EQ(url.port, 8000);
  EXPECT_EQ(url.weight, 100U);
  EXPECT_FALSE(url.literal.has_value());
}

TEST(ReplicaSpec, LiteralsAreNeverLookedUp) {
  const ReplicaSpec v4 = good("192.0.2.7:8000");
  ASSERT_TRUE(v4.literal.has_value());
  EXPECT_EQ(to_string(*v4.literal), "192.0.2.7:8000");
  const ReplicaSpec v6 = good("http://[2001:DB8:0::1]:8000");
  ASSERT_TRUE(v6.literal.has_value());
  EXPECT_EQ(v6.name, "[2001:db8::1]:8000");
  EXPECT_EQ(v6.authority, "[2001:db8::1]:8000");
}

TEST(ReplicaSpec, PortEightyIsTheUrlsDefaultAndLeftOutOfHost) {
  const ReplicaSpec spec = good("http://gpu");
  EXPECT_EQ(spec.port, 80);
  EXPECT_EQ(spec.name, "gpu:80");
  EXPECT_EQ(spec.authority, "gpu");
  EXPECT_EQ(good("http://[::1]").authority, "[::1]");
  EXPECT_EQ(problem("gpu"), "'gpu': no port; write HOST:PORT");
}

TEST(ReplicaSpec, SettingsFollowCommas) {
  const ReplicaSpec spec = good("http://gpu:8000,weight=200,priority=1");
  EXPECT_EQ(spec.weight, 200U);
  EXPECT_EQ(spec.priority, 1);
  EXPECT_NE(problem("gpu:1,weight=0").find("from 1 to 1000"), std::string::npos);
  EXPECT_NE(problem("gpu:1,weight=1001").find("from 1 to 1000"), std::string::npos);
  EXPECT_NE(problem("gpu:1,weight").find("from 1 to 1000"), std::string::npos);
  EXPECT_NE(problem("gpu:1,priority=256").find("0 (first) to 255"), std::string::npos);
  EXPECT_NE(problem("gpu:1,kv_events=0,kv_replay=1").find("a port is"), std::string::npos);
  EXPECT_NE(problem("gpu:1,kv_events=5557").find("come together"), std::string::npos);
  EXPECT_NE(problem("gpu:1,wait=2").find("unknown setting 'wait'"), std::string::npos);
  EXPECT_NE(problem("gpu:1,").find("unknown setting ''"), std::string::npos);
}

TEST(ReplicaSpec, TlsIsRefusedWithWhatToDo) {
  EXPECT_EQ(problem("https://gpu:443"),
            "'https://gpu:443': TLS towards replicas is not supported yet; run a TLS terminator next to the replica "
            "and give its http:// address");
  EXPECT_NE(problem("ftp://gpu:1").find("the scheme is not http"), std::string::npos);
}

TEST(ReplicaSpec, PathsAndCredentialsAreRefused) {
  EXPECT_NE(problem("http://gpu:8000/v1").find("remove '/v1'"), std::string::npos);
  EXPECT_NE(problem("http://gpu:8000?x=1").find("remove '?x=1'"), std::string::npos);
  EXPECT_NE(problem("http://me:secret@gpu:8000").find("user name"), std::string::npos);
}

TEST(ReplicaSpec, BrokenAddressesSayWhy) {
  EXPECT_NE(problem("[::1:80").find("'[' without ']'"), std::string::npos);
  EXPECT_NE(problem("[zz]:80").find("not an IPv6 address"), std::string::npos);
  EXPECT_NE(problem("[::1]x:80").find("not an IPv6 address"), std::string::npos);
  EXPECT_NE(problem("::1:80").find("in brackets"), std::string::npos);
  EXPECT_NE(problem("gpu:0").find("from 1 to 65535"), std::string::npos);
  EXPECT_NE(problem("gpu:65536").find("from 1 to 65535"), std::string::npos);
  EXPECT_NE(problem("gpu:80x").find("from 1 to 65535"), std::string::npos);
  EXPECT_NE(problem(":80").find("no host"), std::string::npos);
  EXPECT_NE(problem("*:80").find("needs an address"), std::string::npos);
  EXPECT_NE(problem("g pu:80").find("not a host name"), std::string::npos);
  EXPECT_NE(problem("").find("no port"), std::string::npos);
}

TEST(ReplicaSpec, KvEventsHaveTwoPorts) {
  const auto spec = parse_replica_spec("gpu:1,kv_events=5557,kv_replay=65535");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->kv_events, 5557);
  EXPECT_EQ(spec->kv_replay, 65535);
}

}  // namespace
}  // namespace wp::control
