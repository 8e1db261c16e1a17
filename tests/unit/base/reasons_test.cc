#include "dataplane/base/reasons.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/base/result.h"

namespace wp {
namespace {

TEST(Reasons, TheTableIsInTheOrderOfTheEnum) {
  EXPECT_EQ(all_reasons().size(), kReasonCount);
  EXPECT_EQ(word(Reason::none), "none");
  EXPECT_EQ(word(Reason::only_one), "only_one");
  EXPECT_EQ(word(Reason::connect_refused), "connect_refused");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    EXPECT_EQ(&info(static_cast<Reason>(i)), &all_reasons()[i]);
  }
}

TEST(Reasons, EveryWordIsItsOwnAndFitsALabel) {
  std::set<std::string_view> words;
  for (const ReasonInfo& reason : all_reasons()) {
    EXPECT_TRUE(words.insert(reason.word).second) << reason.word;
    EXPECT_TRUE(std::all_of(reason.word.begin(), reason.word.end(), [](unsigned char c) {
      return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
    })) << reason.word;
  }
}

TEST(Reasons, EveryTextSaysSomethingInOneLine) {
  for (const ReasonInfo& reason : all_reasons()) {
    EXPECT_GT(reason.text.size(), 8U) << reason.word;
    EXPECT_EQ(reason.text.find('\n'), std::string_view::npos) << reason.word;
    EXPECT_NE(reason.text.back(), '.') << reason.word;
  }
}

// What the proxy relies on: a refusal has a status to answer with, its class says whose fault it is, and only a fault
// of a replica before its reply may be tried elsewhere.
TEST(Reasons, StatusFaultAndRetryAgreeWithTheKind) {
  for (const ReasonInfo& reason : all_reasons()) {
    SCOPED_TRACE(reason.word);
    switch (reason.kind) {
      case ReasonKind::refuse:
        EXPECT_TRUE(reason.fault == Fault::client || reason.fault == Fault::us);
        EXPECT_GE(reason.status, 400);
        EXPECT_EQ(reason.fault == Fault::us, reason.status == 503) << "503 is what we cannot serve now";
        EXPECT_FALSE(reason.retry_safe);
        break;
      case ReasonKind::fail:
      case ReasonKind::retry:
        EXPECT_EQ(reason.fault, Fault::replica);
        EXPECT_TRUE(reason.status >= 502 && reason.status <= 504);
        break;
      case ReasonKind::none:
      case ReasonKind::close:
      case ReasonKind::decide:
        EXPECT_EQ(reason.status, 0);
        EXPECT_FALSE(reason.retry_safe);
        break;
    }
    EXPECT_TRUE(reason.kind != ReasonKind::retry || reason.retry_safe);
    EXPECT_TRUE(reason.kind != ReasonKind::decide || reason.fault == Fault::nobody);
  }
}

TEST(Reasons, KindsAndFaultsHaveTheirOwnWords) {
  std::set<std::string_view> kinds;
  for (const ReasonKind kind : {ReasonKind::none, ReasonKind::refuse, ReasonKind::fail, ReasonKind::close,
                                ReasonKind::retry, ReasonKind::decide}) {
    EXPECT_TRUE(kinds.insert(word(kind)).second);
  }
  std::set<std::string_view> faults;
  for (const Fault fault : {Fault::nobody, Fault::client, Fault::replica, Fault::us}) {
    EXPECT_TRUE(faults.insert(word(fault)).second);
  }
  EXPECT_FALSE(kinds.contains("?") || faults.contains("?"));
}

TEST(ReasonsDeathTest, AReasonBeyondTheListIsAWrongProgram) {
  EXPECT_DEATH(static_cast<void>(info(static_cast<Reason>(kReasonCount))), "assertion failed");
}

TEST(Error, TakesEverythingFromItsReason) {
  const Error error{Reason::connect_refused, 12};
  EXPECT_EQ(error.fault(), Fault::replica);
  EXPECT_EQ(error.status(), 502);
  EXPECT_TRUE(error.retry_safe());
  EXPECT_EQ(error, (Error{Reason::connect_refused, 12}));
  EXPECT_NE(error, (Error{Reason::connect_refused, 13}));
}

TEST(Result, CarriesAValueOrAnErrorWithItsPosition) {
  const Result<int> good = 4;
  const Result<int> bad = fail(Reason::bad_json, 99);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good, 4);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), (Error{Reason::bad_json, 99}));
}

}  // namespace
}  // namespace wp
