#include "controlplane/reference.h"

#include <set>
#include <vector>

#include "dataplane/base/reasons.h"

namespace wp::control {
namespace {

std::string escape_cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

struct Row {
  std::string name;
  std::string help;
  std::string kind;
  std::set<std::string> labels;
};

// The label names of one sample line; values may hold any byte but a bare quote.
void collect_labels(std::string_view line, Row& row) {
  std::size_t at = line.find('{');
  while (at < line.size() && line[at] != '}') {
    const std::size_t equals = line.find('=', at);
    if (equals == std::string_view::npos) return;
    const std::string name(line.substr(at + 1, equals - at - 1));
    if (name != "le") row.labels.insert(name);
    at = equals + 2;
    while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
    ++at;
  }
}

std::vector<Row> rows_of(std::string_view scrape) {
  constexpr std::string_view kHelp = "# HELP ";
  constexpr std::string_view kType = "# TYPE ";
  std::vector<Row> rows;
  while (!scrape.empty()) {
    const std::size_t end = scrape.find('\n');
    const std::string_view line = scrape.substr(0, end);
    scrape.remove_prefix(end == std::string_view::npos ? scrape.size() : end + 1);
    if (line.starts_with(kHelp)) {
      const std::size_t space = line.find(' ', kHelp.size());
      rows.push_back(
          {std::string(line.substr(kHelp.size(), space - kHelp.size())), std::string(line.substr(space + 1)), "", {}});
    } else if (line.starts_with(kType)) {
      rows.back().kind = line.substr(line.rfind(' ') + 1);
    } else if (!rows.empty()) {
      collect_labels(line, rows.back());
    }
  }
  return rows;
}

}  // namespace

std::string reasons_page() {
  std::string page =
      "# Reasons\n\n"
      "Every word that warmpath gives for what it did, from the list in "
      "[dataplane/base/reasons.h](../dataplane/base/reasons.h).\n"
      "The same words stand in counters, the access log and the optional reply headers. "
      "`tests/tidy/run --write-reasons`\nmakes this page.\n\n"
      "| word | kind | whose fault | status | safe to retry | what it means |\n"
      "|---|---|---|---|---|---|\n";
  for (const ReasonInfo& reason : all_reasons()) {
    page += "| `" + std::string(reason.word) + "` | " + std::string(word(reason.kind)) + " | " +
            std::string(word(reason.fault)) + " | " + (reason.status == 0 ? "-" : std::to_string(reason.status)) +
            " | " + (reason.retry_safe ? "yes" : "no") + " | " + std::string(reason.text) + " |\n";
  }
  return page;
}

std::string metrics_page(std::string_view scrape) {
  std::string page =
      "# Metrics\n\n"
      "What `GET /metrics` answers on the `--admin` address, in the Prometheus text format. Figures of the shards are\n"
      "added up. Made by `warmpathd --print-metrics`.\n\n"
      "| name | kind | labels | meaning |\n"
      "|---|---|---|---|\n";
  for (const Row& row : rows_of(scrape)) {
    std::string labels;
    for (const std::string& name : row.labels) labels += (labels.empty() ? "`" : ", `") + name + "`";
    page += "| `" + row.name + "` | " + row.kind + " | " + labels + " | " + escape_cell(row.help) + " |\n";
  }
  return page;
}

}  // namespace wp::control
