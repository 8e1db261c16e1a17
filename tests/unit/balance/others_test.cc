#include "dataplane/balance/others.h"

#include <gtest/gtest.h>

namespace wp::balance {
namespace {

TEST(Others, SomeArePresumedUntilSomethingIsFound) {
  Others others;
  EXPECT_NEAR(others.share(), 0.08, 1e-6);
  for (int i = 0; i < 20; ++i) others.found(5'000, 5'000);
  EXPECT_LT(others.share(), 0.001);
}

TEST(Others, WhatNobodyHerePutThereIsTheirs) {
  Others others;
  for (int i = 0; i < 100; ++i) {
    others.found(8'000, 8'000);
    others.found(8'000, 2'000);
  }
  EXPECT_NEAR(others.share(), 6'000.0 / 16'000, 0.01);
}

TEST(Others, ALittleMoreThanWasKnownSaysNothing) {
  Others others;
  for (int i = 0; i < 100; ++i) others.found(8'000, 7'000);
  EXPECT_LT(others.share(), 0.001);
}

TEST(Others, EnginesCountWhatEverybodyAsked) {
  Others others;
  others.counted(300'000, 100'000);
  EXPECT_NEAR(others.share(), 2.0 / 3, 0.01);
  others.counted(100'000, 110'000);  // the two are not read at the same instant
  EXPECT_NEAR(others.share(), 0.5, 0.01);
}

TEST(Others, WhoLeavesIsForgotten) {
  Others others;
  for (int i = 0; i < 100; ++i) others.found(8'000, 0);
  EXPECT_GT(others.share(), 0.9);
  for (int i = 0; i < 1'000; ++i) others.found(8'000, 8'000);
  EXPECT_LT(others.share(), 0.05);
}

}  // namespace
}  // namespace wp::balance
