#include "tools/ctl/knowledge.h"

#include <cstdint>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

std::string tenths(const Json& seconds) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << seconds.get<double>() << "s";
  return text.str();
}

}  // namespace

Cell knowledge_cell(const Json& replica) {
  const auto known = replica.find("knowledge");
  if (known == replica.end()) return "-";
  std::string text = known->get<std::string>();
  if (text == "precise" || text == "untold") {
    const Json& told = replica.at("holdings");
    if (told.is_null()) return {text, Tone::warning};
    return {text + (text == "precise" ? ", told " : " for ") + tenths(told.at("age_seconds")),
            text == "precise" ? Tone::plain : Tone::warning};
  }
  const auto report = replica.find("report");
  if (report == replica.end() || report->is_null()) return text;
  const bool fresh = report->at("fresh");
  text += fresh ? ", report " : ", no report for ";
  text += tenths(report->at("age_seconds"));
  return {text, fresh ? Tone::plain : Tone::warning};
}

std::string knowledge_fact(const Json& counts) {
  std::string text;
  for (const char* way : {"precise", "receipts", "counters", "blind", "untold"}) {
    const auto count = counts.value(way, std::uint64_t{0});
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + way;
  }
  if (text.empty()) text = "no replica to know of";
  if (const Json& oldest = counts.at("oldest_seconds"); !oldest.is_null()) text += "; oldest report " + tenths(oldest);
  return text;
}

}  // namespace wp::ctl
