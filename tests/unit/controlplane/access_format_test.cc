#include "controlplane/access_format.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/termination.h"

namespace wp::control {
namespace {

constexpr std::int64_t kNoon2026 = 1'767'268'800'000'000'000;  // 2026-01-01T12:00:00Z

AccessRecord served() {
  AccessRecord record;
  record.client = parse_endpoint("[2001:db8::1]:443").value();
  record.session = 0xab;
  record.status = 200;
  record.attempts = 2;
  record.phase = RequestPhase::done;
  record.decision = Reason::spill;
  record.head = nanos(1);
  record.method.assign("POST");
  record.model.assign("m");
  return record;
}

std::string line_of(const AccessRecord& record, AccessFormat format, std::int64_t unix_ns = kNoon2026) {
  std::string text;
  write_access_line(text, format, {record, 3, unix_ns});
  return text;
}

nlohmann::json json_of(const AccessRecord& record) {
  return nlohmann::json::parse(line_of(record, AccessFormat::json));
}

TEST(AccessFormat, JsonIsOneObjectALine) {
  const std::string line = line_of(served(), AccessFormat::json);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_TRUE(line.ends_with("}\n"));
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["time"], "2026-01-01T12:00:00.000000Z");
  EXPECT_EQ(json["shard"], 3);
  EXPECT_EQ(json["client"], "[2001:db8::1]:443");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["termination"], "--");
  EXPECT_EQ(json["decision"], "spill");
  EXPECT_EQ(json["attempts"], 2);
  EXPECT_EQ(json["reused"], false);
  EXPECT_EQ(json["session"], "00000000000000ab");
  EXPECT_EQ(json["head_us"], 1) << "rounded up";
  for (const char* absent : {"reason", "prefix", "body_us", "connect_us", "first_byte_us", "longest_gap_us", "pool"}) {
    EXPECT_TRUE(json.at(absent).is_null()) << absent;
  }
}

TEST(AccessFormat, EveryLineHasTheSameFields) {
  const AccessRecord nothing{};
  EXPECT_EQ(json_of(nothing).size(), json_of(served()).size());
  const std::string text = line_of(nothing, AccessFormat::text);
  EXPECT_EQ(std::ranges::count(text, ' ') + 1, static_cast<std::ptrdiff_t>(json_of(nothing).size()));
  EXPECT_EQ(text.find("  "), std::string::npos);
}

TEST(AccessFormat, TextThatAClientChoseCannotLeaveItsPlace) {
  AccessRecord record = served();
  record.model.assign("a\"b\\c\nd\x01 e\xc3\xa9\x7f");
  record.path.assign("/x y");
  EXPECT_EQ(json_of(record)["model"], "a\"b\\c?d? e???");
  const std::string text = line_of(record, AccessFormat::text);
  EXPECT_NE(text.find(" a\"b\\c?d??e??? "), std::string::npos) << text;
  EXPECT_NE(text.find(" /x?y "), std::string::npos) << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
}

TEST(AccessFormat, LongTextsAreCutWhereTheRecordEnds) {
  AccessRecord record = served();
  record.model.assign(std::string(1000, 'x'));
  EXPECT_EQ(json_of(record)["model"], std::string(63, 'x'));
}

TEST(AccessFormat, TheClockCountsLeapDaysAndMicroseconds) {
  constexpr std::int64_t kLeapDay = 1'709'251'199'999'999'999;  // the last nanosecond of 2024-02-29
  EXPECT_TRUE(line_of(served(), AccessFormat::text, kLeapDay).starts_with("2024-02-29T23:59:59.999999Z 3 "));
}

TEST(Termination, EveryReasonHasALetterOfTheTable) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const char letter = ender_of(reason);
    EXPECT_TRUE(std::ranges::any_of(enders(), [&](const auto& row) { return row.letter == letter; })) << word(reason);
  }
  EXPECT_EQ(ender_of(Reason::none), '-');
  EXPECT_EQ(ender_of(Reason::bad_header), 'P');
  EXPECT_EQ(ender_of(Reason::head_timeout), 'c');
  EXPECT_EQ(ender_of(Reason::client_reset), 'C');
  EXPECT_EQ(ender_of(Reason::client_timeout), 'c');
  EXPECT_EQ(ender_of(Reason::body_too_slow), 'c');
  EXPECT_EQ(ender_of(Reason::connect_refused), 'R');
  EXPECT_EQ(ender_of(Reason::first_token_timeout), 'r');
  EXPECT_EQ(ender_of(Reason::no_replica), 'P');
  EXPECT_EQ(ender_of(Reason::shutting_down), 'K');
}

TEST(Termination, EveryPhaseHasItsOwnLetterOfTheTable) {
  std::string letters;
  for (const RequestPhase phase : {RequestPhase::head, RequestPhase::body, RequestPhase::pick, RequestPhase::connect,
                                   RequestPhase::wait, RequestPhase::reply, RequestPhase::done}) {
    const char letter = letter_of(phase);
    EXPECT_EQ(letters.find(letter), std::string::npos) << letter;
    EXPECT_TRUE(std::ranges::any_of(phases(), [&](const auto& row) { return row.letter == letter; })) << letter;
    letters += letter;
  }
  EXPECT_EQ(letters.size(), phases().size());
}

}  // namespace
}  // namespace wp::control
