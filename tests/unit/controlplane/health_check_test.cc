#include <optional>

#include <gtest/gtest.h>

#include "controlplane/health/check.h"
#include "tests/unit/controlplane/health_peer.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

struct HealthAsked {
  CheckRequest request(std::vector<Endpoint> endpoints, Duration timeout = seconds(5)) {
    return {.endpoints = std::move(endpoints), .authority = "gpu-1:8000", .path = "/health", .timeout = timeout};
  }

  // What a check of these addresses comes to.
  CheckResult check(const CheckRequest& asked) {
    result.reset();
    const CancelCheck cancel = start_check(io, asked, [this](CheckResult came, unsigned with) {
      result = came;
      status = with;
    });
    EXPECT_TRUE(run_until(io, [this] { return result.has_value(); }));
    return result.value_or(CheckResult::not_made);
  }

  // What a check of a server that answers so comes to.
  CheckResult answered(const std::string& reply, bool closes = true, Duration timeout = seconds(5)) {
    HealthPeer peer(io, reply);
    peer.closes = closes;
    const CheckResult came = check(request({peer.at()}, timeout));
    last_request = peer.last_request;
    peer.stop();
    EXPECT_TRUE(run_until(io, [&] { return peer.waiting == 0; })) << "the check kept its connection";
    return came;
  }

  boost::asio::io_context io;
  std::optional<CheckResult> result;
  unsigned status = 0;
  std::string last_request;
};

// A port that nobody listens on, held so that nobody else comes to.
struct Vacant {
  explicit Vacant(boost::asio::io_context& io) : socket(io, {boost::asio::ip::address_v4::loopback(), 0}) {}
  [[nodiscard]] Endpoint at() const {
    return parse_endpoint("127.0.0.1:" + std::to_string(socket.local_endpoint().port())).value();
  }
  boost::asio::ip::tcp::socket socket;
};

TEST(HealthCheck, TheStatusDecides) {
  HealthAsked a;
  EXPECT_EQ(a.answered(status_reply(200)), CheckResult::passed);
  EXPECT_EQ(a.answered(status_reply(503)), CheckResult::loading);
  EXPECT_EQ(a.answered(status_reply(404)), CheckResult::no_page);
  EXPECT_EQ(a.status, 404U);
  EXPECT_EQ(a.answered(status_reply(500)), CheckResult::bad_status);
}

TEST(HealthCheck, TheRequestIsPlain) {
  HealthAsked a;
  EXPECT_EQ(a.answered(status_reply(200)), CheckResult::passed);
  EXPECT_TRUE(a.last_request.starts_with("GET /health HTTP/1.1\r\n")) << a.last_request;
  EXPECT_NE(a.last_request.find("Host: gpu-1:8000\r\n"), std::string::npos);
  EXPECT_NE(a.last_request.find("Connection: close\r\n"), std::string::npos);
}

TEST(HealthCheck, AReplyThatEndsWithTheConnectionIsWhole) {
  HealthAsked a;
  EXPECT_EQ(a.answered("HTTP/1.0 200 OK\r\n\r\nfine"), CheckResult::passed);
}

TEST(HealthCheck, AServerThatKeepsTheConnectionOpenIsNotWaitedFor) {
  HealthAsked a;
  EXPECT_EQ(a.answered(status_reply(200), false), CheckResult::passed);
}

TEST(HealthCheck, WhatIsNotHttpOrIsCutOffFails) {
  HealthAsked a;
  EXPECT_EQ(a.answered("220 mail.example ESMTP\r\n"), CheckResult::bad_reply);
  EXPECT_EQ(a.answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), CheckResult::bad_reply);
  EXPECT_EQ(a.answered("HTTP/1.1 200 OK\r\nA: " + std::string(9000, 'a') + "\r\n\r\n"), CheckResult::bad_reply);
}

TEST(HealthCheck, AnEndlessBodyIsNotRead) {
  HealthAsked a;
  EXPECT_EQ(a.answered("HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"), CheckResult::passed);
  EXPECT_EQ(a.answered("HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x')), CheckResult::passed);
}

TEST(HealthCheck, SilenceAndASlowBodyTimeOut) {
  HealthAsked a;
  EXPECT_EQ(a.answered("", false, millis(20)), CheckResult::timed_out);
  EXPECT_EQ(a.answered("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow", false, millis(20)), CheckResult::timed_out);
}

TEST(HealthCheck, NobodyListeningIsRefused) {
  HealthAsked a;
  const Vacant vacant(a.io);
  EXPECT_EQ(a.check(a.request({vacant.at()})), CheckResult::refused);
}

TEST(HealthCheck, TheNextAddressIsTried) {
  HealthAsked a;
  const Vacant vacant(a.io);
  HealthPeer peer(a.io, status_reply(200));
  EXPECT_EQ(a.check(a.request({vacant.at(), peer.at()})), CheckResult::passed);
  peer.stop();
}

TEST(HealthCheck, ACancelledCheckNeverAnswers) {
  HealthAsked a;
  HealthPeer peer(a.io, "");
  int answers = 0;
  const CancelCheck cancel = start_check(a.io, a.request({peer.at()}), [&](CheckResult, unsigned) { ++answers; });
  ASSERT_TRUE(run_until(a.io, [&] { return peer.asked == 1; }));
  cancel();
  ASSERT_TRUE(run_until(a.io, [&] { return peer.waiting == 0; })) << "its connection is still open";
  cancel();  // it is gone: nothing happens
  peer.stop();
  a.io.restart();
  a.io.run();
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace wp::control
