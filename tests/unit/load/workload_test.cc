#include "tools/load/workload.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::load {
namespace {

WorkloadConfig small(WorkloadKind kind) {
  WorkloadConfig config;
  config.kind = kind;
  config.system_tokens = 100;
  config.prompt_tokens = 40;
  config.document_tokens = 50;
  config.documents = 6;
  config.sessions = 3;
  config.turns = 2;
  return config;
}

std::vector<Request> some(const WorkloadConfig& config, int count) {
  const auto workload = make_workload(config);
  std::vector<Request> all;
  for (int i = 0; i < count; ++i) all.push_back(*workload->next());
  return all;
}

std::size_t common_prefix(const std::string& a, const std::string& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

TEST(Workload, IsTheSameForTheSameSeed) {
  for (const WorkloadKind kind : {WorkloadKind::sessions, WorkloadKind::rag, WorkloadKind::hot_prefix}) {
    WorkloadConfig config = small(kind);
    const auto a = some(config, 20);
    const auto b = some(config, 20);
    config.seed = 2;
    const auto c = some(config, 20);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(*a[i].body, *b[i].body);
    EXPECT_NE(*a[0].body, *c[0].body);
  }
}

TEST(Workload, FixedIsOneRequest) {
  const auto all = some(small(WorkloadKind::fixed), 5);
  for (const Request& request : all) EXPECT_EQ(request.body, all[0].body);
}

TEST(Workload, IdenticalAreAFewGreedyOnes) {
  WorkloadConfig config = small(WorkloadKind::identical);
  config.distinct = 3;
  std::set<std::string> bodies;
  for (const Request& request : some(config, 60)) bodies.insert(*request.body);
  EXPECT_EQ(bodies.size(), 3U);
  EXPECT_NE(bodies.begin()->find("\"temperature\":0"), std::string::npos);
}

TEST(Workload, UniqueSharesNoPrompt) {
  const auto all = some(small(WorkloadKind::unique), 10);
  const std::size_t head = all[0].body->find("\"content\":\"") + 11;
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(common_prefix(*all[0].body, *all[i].body), head + 40);
}

TEST(Workload, SharingIsAShareOfEveryPrompt) {
  WorkloadConfig config = small(WorkloadKind::sharing);
  config.shared_share = 0.5;
  const auto all = some(config, 10);
  const std::size_t head = all[0].body->find("\"content\":\"") + 11;
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_GE(common_prefix(*all[0].body, *all[i].body), head + 70 * 4);
    EXPECT_LT(common_prefix(*all[0].body, *all[i].body), head + 90 * 4);
    EXPECT_EQ(all[i].expected->answer.prompt_tokens, all[0].expected->answer.prompt_tokens);
  }
}

TEST(Workload, TheHotPrefixHasItsShareOfTheRequests) {
  const auto all = some(small(WorkloadKind::hot_prefix), 1000);
  std::vector<std::string> beginnings;
  for (const Request& request : all) beginnings.push_back(request.body->substr(0, 300));
  std::ranges::sort(beginnings);
  std::size_t hot = 0;
  for (const std::string& one : beginnings) {
    hot = std::max<std::size_t>(hot, static_cast<std::size_t>(std::ranges::count(beginnings, one)));
  }
  EXPECT_NEAR(static_cast<double>(hot), 250, 45);
}

TEST(Workload, ASessionsNextTurnBeginsWithItsLast) {
  const auto all = some(small(WorkloadKind::sessions), 40);
  std::size_t followed = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = i + 1; k < all.size(); ++k) {
      if (all[k].session != all[i].session) continue;
      const std::string& before = *all[i].body;
      const std::size_t messages = before.find("],\"max_tokens\"");
      EXPECT_EQ(all[k].body->substr(0, messages), before.substr(0, messages));
      EXPECT_NE(all[k].body->find(all[i].expected->answer.text), std::string::npos);
      ++followed;
    }
  }
  EXPECT_GE(followed, 15U);  // two turns each
}

TEST(Workload, RagPicksDifferentDocumentsInAnyOrder) {
  std::set<std::string> firsts;
  for (const Request& request : some(small(WorkloadKind::rag), 100)) {
    const std::size_t user = request.body->find("\"user\"");
    firsts.insert(request.body->substr(user, 100));
    EXPECT_GT(request.body->size(), (100U + 3 * 50 + 40) * 4);
  }
  EXPECT_GE(firsts.size(), 4U);
  EXPECT_LE(firsts.size(), 6U);
}

TEST(Workload, WhatARealEngineSaysIsNotForeseen) {
  WorkloadConfig config = small(WorkloadKind::sessions);
  config.exact = false;
  for (const Request& request : some(config, 10)) EXPECT_EQ(request.expected, nullptr);
}

}  // namespace
}  // namespace wp::load
