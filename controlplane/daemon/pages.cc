#include "controlplane/daemon/pages.h"

#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "controlplane/clock.h"
#include "controlplane/config/reload.h"
#include "controlplane/daemon/access_log.h"
#include "controlplane/daemon/feeds_process.h"
#include "controlplane/daemon/limits.h"
#include "controlplane/daemon/shard_core.h"
#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/reference.h"
#include "controlplane/replica_spec.h"
#include "controlplane/report_metrics.h"
#include "controlplane/residency_file.h"
#include "dataplane/http/ambiguity.h"

namespace wp::daemon {

namespace {

// Bytes as a reader can see them, cut where they only repeat themselves.
std::string show_bytes(std::string_view bytes) {
  constexpr std::size_t kShown = 100;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (shown.size() >= kShown) return shown + "...";
    if (c == '\r') {
      shown += "\\r";
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (byte < 0x20 || byte >= 0x7f) {
      shown += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string_view word_of(http::Side side) {
  switch (side) {
    case http::Side::both: return "both";
    case http::Side::request: return "request";
    case http::Side::reply: return "reply";
  }
  return "both";
}

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

// What a client gets, and what a replica is blamed with.
std::string verdict_of(const http::AmbiguityInfo& row) {
  std::string replica = "502 " + code(word(http::blame_replica(row.reason)));
  if (row.side == http::Side::reply) return replica;
  const std::string client = std::to_string(info(row.reason).status) + " " + code(word(row.reason));
  return row.side == http::Side::both ? client + ", of a reply " + replica : client;
}

}  // namespace

std::string strictness_page() {
  std::string page =
      "# Strictness\n\n"
      "What two readers may take in two ways, and what warmpath does about it, from the list in\n"
      "[dataplane/http/ambiguity.h](../dataplane/http/ambiguity.h): a refusal in the code names its row, "
      "`warmpath_ambiguities_total`\ncounts it under the row's word, and a test sends each example through the "
      "readers. "
      "Made by `warmpathd --print-strictness`.\n\n"
      "Replies are judged as strictly as requests. After a refusal the connection it came on ends; when a replica's "
      "reply was\nambiguous the client's connection ends, too. What is forwarded is never the raw bytes: head and "
      "framing are written anew.\n\n"
      "## Refused\n\n"
      "| word | of a | what it is | section | verdict | example |\n|---|---|---|---|---|---|\n";
  for (const http::AmbiguityInfo& row : http::all_ambiguities()) {
    page += "| " + code(row.word) + " | " + std::string(word_of(row.side)) + " | " + std::string(row.text) + " | " +
            std::string(row.section) + " | " + verdict_of(row) + " | " + code(show_bytes(row.example)) + " |\n";
  }
  page +=
      "\nBehind the head the path and the limits decide: see `upgrade_refused`, `bytes_after_close`, `body_too_large`, "
      "`replica_upgrade`\nand `unasked_bytes` in [REASONS.md](REASONS.md).\n\n"
      "## Accepted in any spelling, forwarded in one\n\n"
      "| word | of a | what it is | section | what becomes of it | example |\n|---|---|---|---|---|---|\n";
  for (const http::ToleratedInfo& row : http::all_tolerated()) {
    page += "| " + code(row.word) + " | " + std::string(word_of(row.side)) + " | " + std::string(row.text) + " | " +
            std::string(row.section) + " | " + std::string(row.verdict) + " | " + code(show_bytes(row.example)) +
            " |\n";
  }
  return page;
}

std::expected<std::string, std::string> print_metrics() {
  boost::asio::io_context io;
  balance::Accounts accounts(1, 1);
  balance::Residency residency(1, 1);
  Qsbr qsbr;
  Published<balance::Snapshot> published;
  control::Registry::Config config;
  config.pools[0].health.enabled = false;  // nobody is asked for a page
  control::Registry registry(config, accounts, qsbr);
  control::Publisher publisher(published, qsbr);
  control::Fleet fleet(io, registry, publisher, seconds(1), control::monotonic_now, 1);
  const auto spec = control::parse_replica_spec("192.0.2.1:8000");  // RFC 5737: an address for documentation
  if (!spec) return std::unexpected(spec.error());
  if (const auto started = fleet.start({&*spec, 1}); !started) return std::unexpected(started.error().text);
  shard::ShardMailbox mailbox;
  const auto core =
      make_core(TransportKind::epoll, 0, smallest_config(), {published, qsbr, accounts, residency}, mailbox);
  if (!core) return std::unexpected(core.error());
  const control::ShardWatch watch;
  control::Exposition exposition({"", ""}, fleet, accounts, watch);
  control::Reports reports(registry, accounts, residency, seconds(3600));
  control::Report report;
  report.replica = spec->name;
  report.sequence = 1;
  report.waiting = report.running = 0;
  report.kv_usage = 0;
  control::HoldingsReport holding;
  holding.replica = spec->name;
  holding.sequence = 1;
  holding.cleared = true;
  holding.counts.fill(0);
  static_cast<void>(
      reports.take({.reporter = "page", .items = {{spec->name, report}}, .holdings = {{spec->name, holding}}},
                   control::monotonic_now()));
  exposition.add_section([&](control::MetricText& out) {
    control::write_report_metrics(out, reports, registry, residency, control::monotonic_now());
    FeedsCounters().write(out);
  });
  const control::Reloader reloader("", {}, fleet);
  exposition.add_section([&reloader](control::MetricText& out) { reloader.write(out); });
  const control::ResidencyFile handover(0);
  exposition.add_section([&handover](control::MetricText& out) { handover.write(out); });
  exposition.add(mailbox.metrics);
  exposition.add((*core)->metrics());
  const AccessLogCounters access_log;
  MetricList of_access_log;
  access_log.describe(of_access_log);
  exposition.add(of_access_log);
  return control::metrics_page(exposition.scrape());
}

}  // namespace wp::daemon
