// The list of models, and what names one.
#include "dataplane/proxy/models.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

constexpr const char* kList = "{\"object\":\"list\",\"data\":[]}";

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

void list(balance::Snapshot& next) {
  next.models = kList;
}

std::string model_of(std::string_view path) {
  std::array<char, 8> room{};
  return {room.data(), proxy::model_of_path(path, room)};
}

TEST(Models, ThePathNamesOne) {
  EXPECT_EQ(model_of("/v1/models/gpt"), "gpt");
  EXPECT_EQ(model_of("/v1/models/a/b"), "a/b");
  EXPECT_EQ(model_of("/v1/models/a%2Fb%2f"), "a/b/");
  EXPECT_EQ(model_of("/v1/models/%2"), "%2") << "no escape";
  EXPECT_EQ(model_of("/v1/models/%zz"), "%zz");
  EXPECT_EQ(model_of("/v1/models/12345678"), "12345678");
  EXPECT_EQ(model_of("/v1/models/123456789"), "") << "longer than any";
  for (const char* path : {"/v1/models", "/v1/models/", "/v1/modelsx", "/v1/files/a", "/"}) {
    EXPECT_EQ(model_of(path), "") << path;
  }
}

TEST(Models, TheListIsAnsweredWithoutAReplica) {
  Box box;
  box.publish(list);
  const Conn client = box.client();
  const std::string replies = ask(box, client, get("/v1/models") + get("/v1/models?limit=3"));
  EXPECT_EQ(status_of(replies), 200);
  EXPECT_NE(replies.find("Content-Type: application/json\r\nContent-Length: 27\r\n\r\n"), std::string::npos) << replies;
  EXPECT_NE(replies.find(kList), replies.rfind(kList)) << "two replies on one connection";
  const std::string head = ask(box, client, "HEAD /v1/models HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 27\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_TRUE(box.accepted().empty()) << "a replica was asked";
  EXPECT_EQ(box.proxy().counters().model_lists.value(), 3U);
  EXPECT_EQ(box.proxy().counters().completed.value(), 0U);
  box.expect_nothing_held();
}

TEST(Models, AnOldClientIsToldWhatBecomesOfItsConnection) {
  Box box;
  box.publish(list);
  const std::string closed = ask(box, box.client(), "GET /v1/models HTTP/1.0\r\nHost: h\r\n\r\n");
  EXPECT_NE(closed.find("Connection: close\r\n"), std::string::npos) << closed;
  const std::string kept =
      ask(box, box.client(), "GET /v1/models HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(kept.find("Connection: keep-alive\r\n"), std::string::npos) << kept;
}

TEST(Models, WithoutAListAReplicaIsAsked) {
  Box box;
  const Conn client = box.client();
  client->send(get("/v1/models"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("its own"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "its own");
}

TEST(Models, OneModelIsAskedOfThePoolThatHasIt) {
  Box box;
  box.publish([](balance::Snapshot& next) {
    list(next);
    next.routes = {{.model = "a/b", .pool = 0}};
    balance::seal(next);
  });
  const Conn client = box.client();
  EXPECT_EQ(status_of(ask(box, client, get("/v1/models/other"))), 404);
  EXPECT_EQ(box.count(Reason::unknown_model), 1U);
  client->send(get("/v1/models/a%2Fb"));
  box.settle();
  const Conn replica = box.accept_one();
  EXPECT_TRUE(replica->inbox().starts_with("GET /v1/models/a%2Fb HTTP/1.1\r\n")) << "as the client wrote it";
  replica->send(ok_reply("that one"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "that one");
}

}  // namespace
}  // namespace wp::test
