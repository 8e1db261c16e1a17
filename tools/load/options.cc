#include "tools/load/options.h"

#include <cmath>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>

namespace wp::load {
namespace {

constexpr const char* kDescription =
    "warmpath-load: sends chat completions to a server, checks every byte that comes back, and measures. Nothing is\n"
    "sent twice; whatever is not complete is counted by its kind. Without --rate it is a closed loop of --connections\n"
    "clients; with --rate requests are sent when their (Poisson) time comes, and latency counts from then.";

const std::map<std::string, WorkloadKind>& workloads() {
  static const std::map<std::string, WorkloadKind> kWorkloads = {{"fixed", WorkloadKind::fixed},
                                                                 {"identical", WorkloadKind::identical},
                                                                 {"unique", WorkloadKind::unique},
                                                                 {"sharing", WorkloadKind::sharing},
                                                                 {"hot-prefix", WorkloadKind::hot_prefix},
                                                                 {"sessions", WorkloadKind::sessions},
                                                                 {"rag", WorkloadKind::rag}};
  return kWorkloads;
}

// Values that need another type than their field's.
struct Raw {
  std::vector<std::string> targets;
  std::optional<double> seconds;
  double speed_up = 1;
  double ramp_seconds = 0;
  double warm_up_seconds = 0;
  double timeout_seconds = 60;
  double grace_seconds = 10;
  bool whole = false;
  bool fresh = false;
  std::string check = "exact";
};

Duration from_seconds(double seconds) {
  return nanos(std::llround(seconds * 1e9));
}

void declare_run(CLI::App& app, Options& options, Raw& raw) {
  LoadConfig& load = options.load;
  const auto time = CLI::Range(0.0, 1e6);
  app.add_option("target", raw.targets, "http://ADDRESS:PORT, a literal address; several are taken in turn")
      ->required();
  app.add_option("--connections", load.connections, "clients of a closed loop; the most that an open loop opens")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--rate", load.rate, "requests a second: an open loop")->check(CLI::Range(1e-3, 1e7));
  app.add_option("--seconds", raw.seconds, "how long requests are sent")->check(time)->default_str("10, or a trace's");
  app.add_option("--requests", load.requests, "send no more than these; 0: no limit")->capture_default_str();
  app.add_option("--ramp-seconds", raw.ramp_seconds, "over which a closed loop's clients begin")
      ->check(time)
      ->capture_default_str();
  app.add_option("--warm-up-seconds", raw.warm_up_seconds, "of the run's beginning, sent and checked but not timed")
      ->check(time)
      ->capture_default_str();
  app.add_option("--timeout-seconds", raw.timeout_seconds, "of a request")->check(time)->capture_default_str();
  app.add_option("--grace-seconds", raw.grace_seconds, "how long what is on its way at the end may take")
      ->check(time)
      ->capture_default_str();
  app.add_option("--queue", load.queue, "requests of an open loop that wait for a connection; more are not sent")
      ->capture_default_str();
  app.add_flag("--fresh-connections", raw.fresh, "a connection for each request");
  loop::add_transport_option(app, options.transport);
  app.add_flag("--json", options.json, "the report as one JSON object");
  app.add_flag("--quiet", options.quiet, "no progress on a terminal");
}

void declare_workload(CLI::App& app, Options& options, Raw& raw) {
  WorkloadConfig& w = options.workload;
  app.add_option(
         "--workload", options.workload_name,
         "fixed (one prompt), identical (a few, at temperature 0), unique (nothing shared), sharing (a share of\n"
         "every prompt), hot-prefix (a share of the requests), sessions (one system prompt, conversations that\n"
         "grow), rag (documents in any order)")
      ->check(CLI::IsMember(workloads()))
      ->capture_default_str();
  app.add_option(
      "--trace", options.trace,
      "a file to replay instead: Mooncake's format or chat requests, a line each, plain or .gz; an open loop\n"
      "at its own times, unless --rate says others or --speed-up is 0");
  app.add_option("--speed-up", raw.speed_up, "of the trace's times; 0: a closed loop")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--model", w.style.model, "the requests' model")->capture_default_str();
  app.add_option("--reply-tokens", w.style.reply_tokens, "max_tokens")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_flag("--whole", raw.whole, "replies in one piece instead of streams");
  app.add_flag("--usage", w.style.usage, "streams end with their token counts");
  app.add_option("--system-tokens", w.system_tokens, "of the system prompt or prefix, at four bytes each")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str();
  app.add_option("--prompt-tokens", w.prompt_tokens, "of what the user says")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str();
  app.add_option("--sessions", w.sessions, "that talk")->check(CLI::Range(1U, 10'000'000U))->capture_default_str();
  app.add_option("--turns", w.turns, "of a conversation, then the session begins another")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
  app.add_option("--zipf", w.zipf, "exponent of how often sessions and documents come up; 0: all alike")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  app.add_option("--hot-share", w.hot_share, "of the requests: begin with the hot prefix")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--shared-share", w.shared_share, "of every prompt: is the same")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--documents", w.documents, "in the store")->check(CLI::Range(1U, 10'000'000U))->capture_default_str();
  app.add_option("--document-tokens", w.document_tokens, "of a document")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str();
  app.add_option("--documents-each", w.documents_each, "in a prompt")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  app.add_option("--distinct", w.distinct, "requests of `identical`")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--seed", w.seed, "of everything that is drawn")->capture_default_str();
}

void declare_check(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--check", raw.check,
                 "exact (simulated replicas: every byte is known) or shape (any engine: JSON, and streams that end)")
      ->check(CLI::IsMember({"exact", "shape"}))
      ->capture_default_str();
  app.add_option("--replica-seed", options.workload.rules.seed, "the replicas' --seed")->capture_default_str();
  app.add_flag("--stamped", options.load.client.stamped,
               "the replicas run with --stamps, on this machine: how long each piece of a stream took to come");
  app.add_flag("--cache-report", options.workload.rules.cache_report, "the replicas run with --cache-report");
}

std::string take_targets(const Raw& raw, Options& options) {
  constexpr std::string_view kScheme = "http://";
  for (std::string_view target : raw.targets) {
    if (target.starts_with(kScheme)) target.remove_prefix(kScheme.size());
    if (target.ends_with('/')) target.remove_suffix(1);
    const auto endpoint = parse_endpoint(target);
    if (!endpoint) return "target " + std::string(target) + ": " + endpoint.error();
    options.load.targets.push_back(*endpoint);
    options.target += (options.target.empty() ? "" : " ") + std::string(target);
  }
  options.load.client.authority = to_string(options.load.targets.front());
  return {};
}

}  // namespace

std::expected<Options, Leave> read_options(int count, const char* const* arguments) {
  Options options;
  Raw raw;
  CLI::App app(kDescription, "warmpath-load");
  declare_run(app, options, raw);
  declare_workload(app, options, raw);
  declare_check(app, options, raw);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Leave{app.help(), 0});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Leave{std::string("warmpath-load: ") + error.what() + "\n", 2});
  }
  if (const std::string problem = take_targets(raw, options); !problem.empty()) {
    return std::unexpected(Leave{"warmpath-load: " + problem + "\n", 2});
  }
  options.workload.kind = workloads().at(options.workload_name);
  options.workload.exact = raw.check == "exact";
  options.workload.style.stream = !raw.whole;
  options.load.client.keep_alive = !raw.fresh;
  if (!options.trace.empty() && options.load.rate == 0) options.load.speed_up = raw.speed_up;
  options.load.seed = options.workload.seed;
  options.load.duration = from_seconds(raw.seconds.value_or(options.trace.empty() ? 10 : 1e6));
  options.load.ramp = from_seconds(raw.ramp_seconds);
  options.load.warm_up = from_seconds(raw.warm_up_seconds);
  options.load.timeout = from_seconds(raw.timeout_seconds);
  options.load.grace = from_seconds(raw.grace_seconds);
  return options;
}

}  // namespace wp::load
