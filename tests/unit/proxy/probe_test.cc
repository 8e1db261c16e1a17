// Liveness and readiness on the traffic port.
#include "dataplane/proxy/probe.h"

#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

proxy::ProxyConfig probed() {
  proxy::ProxyConfig config = Box::default_config();
  config.probe_prefix = "/warmpath";
  return config;
}

std::string request_for(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

TEST(Probe, OnlyTheTwoPathsBehindThePrefixAreProbes) {
  EXPECT_EQ(proxy::probe_of("/warmpath", "/warmpath/live"), proxy::Probe::live);
  EXPECT_EQ(proxy::probe_of("/warmpath", "/warmpath/ready"), proxy::Probe::ready);
  for (const char* path : {"/warmpath", "/warmpath/", "/warmpath/ready/", "/warmpathready", "/ready", "/v1/models"}) {
    EXPECT_EQ(proxy::probe_of("/warmpath", path), proxy::Probe::none) << path;
  }
  EXPECT_EQ(proxy::probe_of("", "/ready"), proxy::Probe::none) << "no prefix, no probes";
}

TEST(Probe, AreAnsweredWithoutAReplicaOnAConnectionThatStays) {
  Box box(1, probed());
  const Conn client = box.client();
  for (const char* path : {"/warmpath/live", "/warmpath/ready?verbose=1"}) {
    const std::string reply = ask(box, client, request_for(path));
    EXPECT_EQ(status_of(reply), 200) << path;
    EXPECT_EQ(body_of(reply), "{\"status\":\"ok\"}\n");
    EXPECT_EQ(reply.find("Connection:"), std::string::npos);
  }
  const std::string head = ask(box, client, "HEAD /warmpath/ready HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_TRUE(box.accepted().empty()) << "a replica was asked";
  EXPECT_EQ(box.proxy().counters().probes.value(), 3U);
  EXPECT_EQ(box.proxy().counters().completed.value(), 0U);
  box.expect_nothing_held();
}

TEST(Probe, PipelinedOnesAreAnsweredInTheirOrder) {
  Box box(1, probed());
  const Conn client = box.client();
  const std::string replies = ask(
      box, client, request_for("/warmpath/live") + request_for("/warmpath/nothing") + request_for("/warmpath/live"));
  const std::size_t refused = replies.find("404");
  ASSERT_NE(refused, std::string::npos) << replies;
  EXPECT_LT(replies.find("200"), refused);
  EXPECT_NE(replies.find("200", refused), std::string::npos);
}

TEST(Probe, NotReadyIsSaidWhileRequestsAreStillServed) {
  Box box(1, probed());
  box.publish([](balance::Snapshot& next) { next.ready = false; });
  const Conn client = box.client();
  EXPECT_EQ(status_of(ask(box, client, request_for("/warmpath/ready"))), 503);
  EXPECT_EQ(status_of(ask(box, client, request_for("/warmpath/live"))), 200);
  client->send(chat("hello"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("world"));
  box.settle();
  EXPECT_EQ(status_of(take(client)), 200);
}

TEST(Probe, OtherMethodsAreRefused) {
  Box box(1, probed());
  const Conn client = box.client();
  EXPECT_EQ(status_of(ask(box, client, "POST /warmpath/ready HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")), 405);
}

TEST(Probe, WithoutAPrefixThePathIsUnknown) {
  Box box;
  const Conn client = box.client();
  EXPECT_EQ(status_of(ask(box, client, request_for("/warmpath/ready"))), 404);
  EXPECT_EQ(status_of(ask(box, client, request_for("/ready"))), 404);
}

}  // namespace
}  // namespace wp::test
