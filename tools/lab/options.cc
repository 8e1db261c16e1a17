#include "tools/lab/options.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <CLI/CLI.hpp>

#include "controlplane/nearest.h"

namespace wp::lab {
namespace {

constexpr const char* kDescription =
    "warmpath-lab: replays a trace offline, in simulated time, through the real code that reads prompts and picks\n"
    "replicas, against modelled replicas: an LRU cache of prompt blocks, prefills in the order they come, decoding of\n"
    "a bounded number of streams. Other projects' rules run beside ours. The same trace, options and seed give the "
    "same\n"
    "figures.";

constexpr const char* kFooter = R"(
Traces (plain or .gz, one JSON object a line):
  Mooncake  {"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [ids of 512-token blocks]}
  chat      {"timestamp_us": us, "session": optional, "body": a whole request, or "input": the prompt as text,
             "output_tokens": optional}

What the columns mean:
  HITS       share of the prompts' blocks that were in the chosen replica's cache
  OF IDEAL   the same, over what one endless cache shared by all would have had
  IMBALANCE  the busiest replica's uncached tokens over the mean of all (1 is perfect)
  TTFT       from a request's arrival to its first token, in milliseconds
  KEPT       of requests that follow another of their conversation, those that went to that one's replica
  SPILLS     requests that did not get the replica that the rule wanted, because of a bound
  LOST       requests whose reply did not come to its end

Examples:
  warmpath-lab trace.jsonl.gz                                   every strategy, 8 replicas, endless caches
  warmpath-lab trace.jsonl --cache-tokens 1000000 --speed 2     1 M tokens a replica, twice the traffic
  warmpath-lab trace.jsonl --utilisation 0.95                   near what the replicas can prefill at best
  warmpath-lab trace.jsonl --strategies prefix,oracle --gateways 2 --event 600:restart:0
  warmpath-lab trace.jsonl --svg rows.svg                       and a picture
  warmpath-lab trace.jsonl --event 600:drain:3 --event 900:join --event 1200:die:0 --event 1500:return:0
)";

// Values that need another type than their field's.
struct Raw {
  std::string format = "auto";
  std::string sessions = "trace";
  std::string knowledge = "nothing";
  double overhead_ms = 0;
  double detection_seconds = 0;
  std::vector<std::string> strategies;
  std::vector<std::string> events;
  std::string family;
  std::string cache;
  bool list = false;
  bool list_families = false;
};

Duration from_seconds(double seconds) {
  return nanos(std::llround(seconds * 1e9));
}

void declare_trace(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("TRACE", options.trace, "the trace's file");
  app.add_option("--family", raw.family, "instead of a file: a workload of this kind, made up from --seed")
      ->type_name("NAME")
      ->excludes("TRACE");
  app.add_flag("--list-families", raw.list_families, "name the families, say what each is, and leave");
  app.add_option("--format", raw.format, "by the first line, or as told")
      ->check(CLI::IsMember({"auto", "mooncake", "chat"}))
      ->capture_default_str();
  app.add_option("--strategies", raw.strategies, "which to compare, with commas between; --list names them")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_flag("--list", raw.list, "name the strategies, where each comes from, and leave");
  app.add_option("--sessions", raw.sessions,
                 "whether requests carry a session key: where the trace has one, always, or never")
      ->check(CLI::IsMember({"trace", "sent", "hidden"}))
      ->capture_default_str();
  app.add_option("--conversation-tokens", options.reading.conversation_tokens,
                 "where a trace names no session, conversations are told apart by so much of the prompt")
      ->check(CLI::Range(1U, 100'000'000U))
      ->capture_default_str();
  app.add_option("--block", options.reading.block_tokens, "tokens of a cache block, for chat traces")
      ->check(CLI::Range(1U, 65536U))
      ->capture_default_str();
  app.add_option("--output-tokens", options.reading.default_output_tokens, "of replies whose length nothing says")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--speed", options.simulation.speed, "arrivals, so many times as fast")
      ->check(CLI::Range(1e-3, 1e6))
      ->capture_default_str();
  app.add_option(
         "--utilisation", options.utilisation,
         "instead: as fast as makes the prefills that one cache, as large as all, would leave this share of what\n"
         "the replicas can do")
      ->check(CLI::Range(0.001, 1000.0))
      ->excludes("--speed");
  app.add_option("--seed", options.simulation.seed, "of everything random, and of the rivals' hashes")
      ->capture_default_str();
  app.add_flag("--json", options.json, "for machines; keys are only ever added to");
  app.add_option("--svg", options.picture, "also draw the rows into this file")->type_name("FILE");
}

void declare_fleet(CLI::App& app, SimulationConfig& simulation, Raw& raw) {
  ReplicaModelConfig& replica = simulation.replica;
  app.add_option("--replicas", simulation.replicas, "at the start")
      ->check(CLI::Range(1U, 4096U))
      ->capture_default_str();
  app.add_option("--gateways", simulation.gateways, "requests go to them in turn; each knows only what it sent")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  app.add_option("--cache-tokens", replica.cache_tokens, "capacity of a replica's cache; 0: endless")
      ->capture_default_str();
  app.add_option("--cache", raw.cache,
                 "instead: of the tokens that are ever asked for, all caches hold some twentieth, half, or all")
      ->check(CLI::IsMember({"small", "large", "endless"}))
      ->excludes("--cache-tokens");
  app.add_option("--knowledge", raw.knowledge,
                 "what replicas tell: nothing, counters (what their engines have counted of prompts and of cached\n"
                 "tokens, every two seconds), receipts (how much of a prompt was cached, in its reply), or capacity\n"
                 "(--cache-tokens, as with pool.kv_tokens)")
      ->check(CLI::IsMember({"nothing", "counters", "receipts", "capacity"}))
      ->capture_default_str();
  app.add_option("--whole-replies", simulation.whole_share,
                 "share of the replies that are not streamed: of those, the gateways see a first byte when all is made")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--prefill-rate", replica.prefill_rate, "uncached prompt tokens a second, one prompt at a time")
      ->check(CLI::Range(1e-3, 1e12))
      ->capture_default_str();
  app.add_option("--decode-rate", replica.decode_rate, "tokens a second and stream")
      ->check(CLI::Range(1e-3, 1e9))
      ->capture_default_str();
  app.add_option("--ttft-overhead-ms", raw.overhead_ms, "part of every prefill, however much is cached")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--max-running", replica.max_running, "requests of a replica that prefill or decode at a time")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--load-factor", simulation.bounds.factor,
                 "bounded loads: a replica's share may be so many times the mean")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  app.add_option("--prefill-floor", simulation.bounds.prefill_floor, "tokens under way that no bound goes below")
      ->capture_default_str();
  app.add_option("--streams-floor", simulation.bounds.streams_floor, "requests under way that no bound goes below")
      ->capture_default_str();
  app.add_option(
         "--event", raw.events,
         "SECONDS:CHANGE[:NUMBER] (repeatable): join, drain:R, undrain:R, die:R, return:R; restart:G of a gateway,\n"
         "which then knows nothing, or handover:G, by which it knows what was sent where")
      ->allow_extra_args(false)
      ->type_name("EVENT");
  app.add_option("--detection-seconds", raw.detection_seconds,
                 "from a replica's death to the health checks' verdict; until then, picks of it fail and go elsewhere")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
}

std::string list_text() {
  std::string text;
  for (const StrategyInfo& each : all_strategies()) {
    text += std::string(each.name) + ": " + std::string(each.about) + " (" + std::string(each.origin) + ")\n";
  }
  return text;
}

std::string families_text() {
  std::string text;
  for (const Family& each : all_families()) text += std::string(each.name) + ": " + std::string(each.about) + "\n";
  return text;
}

std::string not_known(const std::string& option, const std::string& name, std::span<const std::string_view> known,
                      const std::string& list) {
  const std::string_view meant = control::nearest(name, known);
  return option + ": there is no '" + name + "'" + (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?") +
         " (" + list + " names them)";
}

// Empty when all is well.
std::string choose_family(const std::string& name, Options& options) {
  options.family = find_family(name);
  if (options.family != nullptr) return {};
  std::vector<std::string_view> known;
  for (const Family& each : all_families()) known.push_back(each.name);
  return not_known("--family", name, known, "--list-families");
}

// Empty when all is well.
std::string choose_strategies(const std::vector<std::string>& names, Options& options) {
  std::vector<std::string_view> known;
  for (const StrategyInfo& each : all_strategies()) {
    known.push_back(each.name);
    if (names.empty()) options.strategies.push_back(&each);
  }
  for (const std::string& name : names) {
    const StrategyInfo* found = find_strategy(name);
    if (found == nullptr) return not_known("--strategies", name, known, "--list");
    options.strategies.push_back(found);
  }
  return {};
}

std::string read_events(const std::vector<std::string>& texts, SimulationConfig& simulation) {
  for (const std::string& text : texts) {
    const auto event = parse_fleet_event(text);
    if (!event) return "--event " + event.error();
    // In order of time; of those at the same time, as they were written.
    auto& events = simulation.events;
    events.insert(std::ranges::upper_bound(events, event->at, {}, &FleetEvent::at), *event);
  }
  const std::string problem = event_problem(simulation.events, simulation.replicas, simulation.gateways);
  return problem.empty() ? problem : "--event: " + problem;
}

// Enumerators stay out of the library's hands: it would print their numbers as characters into the help, a zero first.
void read_choices(const Raw& raw, Options& options) {
  static const std::map<std::string, TraceFormat> kFormats = {
      {"auto", TraceFormat::automatic}, {"mooncake", TraceFormat::mooncake}, {"chat", TraceFormat::chat}};
  static const std::map<std::string, Sessions> kSessions = {
      {"trace", Sessions::trace}, {"sent", Sessions::sent}, {"hidden", Sessions::hidden}};
  static const std::map<std::string, CacheSize> kCaches = {
      {"", CacheSize::told}, {"small", CacheSize::small}, {"large", CacheSize::large}, {"endless", CacheSize::endless}};
  options.cache = kCaches.at(raw.cache);
  options.format = kFormats.at(raw.format);
  options.reading.sessions = kSessions.at(raw.sessions);
}

std::string finish(const Raw& raw, Options& options) {
  read_choices(raw, options);
  if (options.trace.empty() && raw.family.empty()) return "a trace's file is wanted (see: warmpath-lab --help)";
  std::string problem = choose_strategies(raw.strategies, options);
  if (problem.empty() && !raw.family.empty()) problem = choose_family(raw.family, options);
  if (problem.empty()) problem = read_events(raw.events, options.simulation);
  options.simulation.replica.overhead = from_seconds(raw.overhead_ms / 1e3);
  options.simulation.knowledge = raw.knowledge == "counters"   ? Knowledge::counters
                                 : raw.knowledge == "receipts" ? Knowledge::receipts
                                 : raw.knowledge == "capacity" ? Knowledge::capacity
                                                               : Knowledge::nothing;
  options.simulation.detection = from_seconds(raw.detection_seconds);
  return problem;
}

}  // namespace

std::expected<Options, Leave> read_options(int count, const char* const* arguments) {
  Options options;
  Raw raw;
  raw.overhead_ms = static_cast<double>(options.simulation.replica.overhead.ns) / 1e6;
  raw.detection_seconds = options.simulation.detection.seconds();
  CLI::App app(kDescription, "warmpath-lab");
  app.footer(kFooter);
  declare_trace(app, options, raw);
  declare_fleet(app, options.simulation, raw);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Leave{app.help(), 0});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Leave{std::string("warmpath-lab: ") + error.what() + " (see: warmpath-lab --help)\n", 2});
  }
  if (raw.list_families) return std::unexpected(Leave{families_text(), 0});
  options.fleet_told = app.count("--replicas") > 0;
  options.rate_told = app.count("--prefill-rate") > 0;
  if (raw.list) return std::unexpected(Leave{list_text(), 0});
  if (const std::string problem = finish(raw, options); !problem.empty()) {
    return std::unexpected(Leave{"warmpath-lab: " + problem + "\n", 2});
  }
  return options;
}

}  // namespace wp::lab
