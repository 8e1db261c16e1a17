#include "controlplane/report.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "dataplane/base/hash_text.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

constexpr int kReportsVersion = 1;
constexpr std::size_t kMaxReporter = 64;  // bytes
constexpr std::size_t kMaxName = 256;     // bytes
// Beyond this, numbers that are read as doubles have gaps.
constexpr std::uint64_t kMostCount = std::uint64_t{1} << 53U;
constexpr std::uint64_t kMostRequests = 10'000'000;
constexpr std::uint64_t kMostKvTokens = 1'000'000'000'000;
constexpr std::uint64_t kMostAge = 3'600'000;  // ms

bool is_word(const std::string& text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool read_hash(const Json& json, std::vector<std::uint64_t>& into) {
  const auto* text = json.get_ptr<const std::string*>();
  const auto hash = text == nullptr ? std::nullopt : read_hash_text(*text);
  if (hash) into.push_back(*hash);
  return hash.has_value();
}

// Reads members of an object and remembers the first that is wrong. One that is null is as one that is absent.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}

  [[nodiscard]] std::optional<std::uint64_t> count(const char* key, std::uint64_t low, std::uint64_t high) {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return {};
    const std::uint64_t number = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    if (found->is_number_unsigned() && number >= low && number <= high) return number;
    wrong("'" + std::string(key) + "' is a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return {};
  }

  [[nodiscard]] std::optional<std::uint32_t> requests(const char* key) {
    const auto number = count(key, 0, kMostRequests);
    if (!number) return {};
    return static_cast<std::uint32_t>(*number);
  }

  [[nodiscard]] std::optional<double> share(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return {};
    const double number = found->is_number() ? found->get<double>() : -1;
    if (number >= 0 && number <= 1) return number;
    wrong("'" + std::string(key) + "' is a number from 0 to 1");
    return {};
  }

  [[nodiscard]] bool flag(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return false;
    if (!found->is_boolean()) wrong("'" + std::string(key) + "' is true or false");
    return found->is_boolean() && found->get<bool>();
  }

  [[nodiscard]] std::vector<std::uint64_t> hashes(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return {};
    std::vector<std::uint64_t> all;
    const bool fits = found->is_array() && found->size() <= kMaxPrefixes;
    const bool good = fits && std::ranges::all_of(*found, [&](const Json& one) { return read_hash(one, all); });
    if (good) return all;
    wrong("'" + std::string(key) + "' is an array of up to " + std::to_string(kMaxPrefixes) +
          " keys of 16 hexadecimal digits");
    return {};
  }

  void wrong(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const Json& json_;
  std::string problem_;
};

// What every report begins with.
template <class R>
void read_subject(const Json& json, Members& members, R& report) {
  if (!read_string(json, "replica", report.replica) || !is_word(report.replica, kMaxName)) {
    members.wrong("'replica' is wanted, the name of one");
  }
  report.generation = static_cast<std::uint32_t>(members.count("generation", 0, UINT32_MAX).value_or(0));
  report.sequence = members.count("sequence", 1, kMostCount).value_or(0);
  if (report.sequence == 0) members.wrong("'sequence' is wanted, a number that grows from report to report");
  report.age = millis(static_cast<std::int64_t>(members.count("age_ms", 0, kMostAge).value_or(0)));
}

std::expected<HoldingsReport, std::string> read_holdings(const Json& json) {
  constexpr std::array<std::string_view, 8> kKeys = {"replica", "generation", "sequence", "age_ms",
                                                     "cleared", "dropped",    "holds",    "counts"};
  if (auto known = check_object(json, kKeys); !known) return std::unexpected(std::move(known.error()));
  Members members(json);
  HoldingsReport report;
  read_subject(json, members, report);
  report.cleared = members.flag("cleared");
  report.dropped = members.hashes("dropped");
  report.holds = members.hashes("holds");
  if (const auto counts = json.find("counts"); counts != json.end() && !counts->is_null()) {
    if (auto known = check_object(*counts, kHoldingsCounts); !known) return std::unexpected(std::move(known.error()));
    Members sums(*counts);
    for (std::size_t i = 0; i < kHoldingsCounts.size(); ++i) {
      report.counts[i] = sums.count(kHoldingsCounts[i].data(), 0, kMostCount);
    }
    if (!sums.problem().empty()) members.wrong(sums.problem());
  }
  if (!members.problem().empty()) return std::unexpected(members.problem());
  return report;
}

std::expected<Report, std::string> read_report(const Json& json) {
  constexpr std::array<std::string_view, 11> kKeys = {"replica",   "generation",     "sequence",   "instance",
                                                      "age_ms",    "waiting",        "running",    "kv_usage",
                                                      "kv_tokens", "prefix_queries", "prefix_hits"};
  if (auto known = check_object(json, kKeys); !known) return std::unexpected(std::move(known.error()));
  Members members(json);
  Report report;
  read_subject(json, members, report);
  report.instance = members.count("instance", 0, kMostCount).value_or(0);
  report.waiting = members.requests("waiting");
  report.running = members.requests("running");
  report.kv_usage = members.share("kv_usage");
  report.kv_tokens = members.count("kv_tokens", 1, kMostKvTokens);
  const auto queries = members.count("prefix_queries", 0, kMostCount);
  const auto hits = members.count("prefix_hits", 0, kMostCount);
  if (queries.has_value() != hits.has_value()) members.wrong("'prefix_queries' and 'prefix_hits' come together");
  if (queries && hits && *hits > *queries) members.wrong("'prefix_hits' is at most 'prefix_queries'");
  if (!members.problem().empty()) return std::unexpected(members.problem());
  if (queries && hits) report.prefix = {*queries, *hits};
  return report;
}

std::string name_in(const Json& json) {
  std::string name;
  if (json.is_object() && (!read_string(json, "replica", name) || !is_word(name, kMaxName))) name.clear();
  return name;
}

// The list of that name; null where there is none.
std::expected<const Json*, std::string> list_of(const Json& json, const char* key) {
  const auto list = json.find(key);
  if (list == json.end()) return nullptr;
  if (!list->is_array()) return std::unexpected("'" + std::string(key) + "' is an array");
  if (list->size() <= kMaxReports) return &*list;
  return std::unexpected("at most " + std::to_string(kMaxReports) + " reports can come at once");
}

}  // namespace

std::expected<ReportBatch, std::string> read_reports(std::string_view body) {
  constexpr std::array<std::string_view, 4> kKeys = {"version", "reporter", "reports", "holdings"};
  const auto json = read_object(body, kKeys);
  if (!json) return std::unexpected(json.error());
  const auto version = json->find("version");
  if (version == json->end() || *version != kReportsVersion) return std::unexpected("'version' is wanted, and is 1");
  ReportBatch batch;
  if (!read_string(*json, "reporter", batch.reporter) || !is_word(batch.reporter, kMaxReporter)) {
    return std::unexpected("'reporter' is wanted, a word of up to 64 characters that is new whenever 'sequence' is");
  }
  const auto reports = list_of(*json, "reports");
  const auto holdings = list_of(*json, "holdings");
  if (!reports) return std::unexpected(reports.error());
  if (!holdings) return std::unexpected(holdings.error());
  if (*reports == nullptr && *holdings == nullptr)
    return std::unexpected("'reports' or 'holdings' is wanted, an array");
  if (*reports != nullptr) {
    for (const Json& report : **reports) batch.items.push_back({name_in(report), read_report(report)});
  }
  if (*holdings != nullptr) {
    for (const Json& report : **holdings) batch.holdings.push_back({name_in(report), read_holdings(report)});
  }
  return batch;
}

}  // namespace wp::control
