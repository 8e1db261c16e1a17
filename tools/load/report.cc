#include "tools/load/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

namespace wp::load {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, Samples Tally::*>, 6> kTimes = {{{"late", &Tally::late},
                                                                             {"first_byte", &Tally::first_byte},
                                                                             {"first_token", &Tally::first_token},
                                                                             {"gap", &Tally::gap},
                                                                             {"whole", &Tally::whole},
                                                                             {"delay", &Tally::delay}}};

double millis_of(Duration d) {
  return static_cast<double>(d.ns) / 1e6;
}

double per_second(std::uint64_t count, Duration time) {
  return time.ns > 0 ? static_cast<double>(count) / time.seconds() : 0;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// The busiest replica's uncached tokens over the mean.
double imbalance(const Tally& tally) {
  std::uint64_t most = 0;
  std::uint64_t sum = 0;
  for (const auto& [name, of] : tally.replicas) {
    const std::uint64_t uncached = of.prompt_tokens - std::min(of.prompt_tokens, of.cached_tokens);
    most = std::max(most, uncached);
    sum += uncached;
  }
  return sum > 0 ? static_cast<double>(most) * static_cast<double>(tally.replicas.size()) / static_cast<double>(sum)
                 : 0;
}

template <class... Values>
std::string line(const char* format, Values... values) {
  std::array<char, 512> room{};
  const int size = std::snprintf(room.data(), room.size(), format, values...);
  return {room.data(), std::min<std::size_t>(static_cast<std::size_t>(std::max(size, 0)), room.size() - 1)};
}

std::string failures_text(const Tally& tally) {
  std::string text;
  for (std::size_t i = 1; i < kOutcomes; ++i) {
    if (tally.outcomes[i] == 0) continue;
    const std::string_view name = word(static_cast<Outcome>(i));
    text += line("  %-16.*s%10llu\n", static_cast<int>(name.size()), name.data(),
                 static_cast<unsigned long long>(tally.outcomes[i]));
  }
  for (const auto& [status, count] : tally.statuses) {
    text += line("  status %u       %10llu\n", status, static_cast<unsigned long long>(count));
  }
  if (!tally.first_flaw.empty()) text += "  the first: " + tally.first_flaw + "\n";
  return text;
}

ordered_json times_json(const Samples& samples) {
  const Summary s = samples.summarise();
  return {{"count", s.count},           {"mean_ms", millis_of(s.mean)}, {"p50_ms", millis_of(s.p50)},
          {"p90_ms", millis_of(s.p90)}, {"p99_ms", millis_of(s.p99)},   {"p999_ms", millis_of(s.p999)},
          {"max_ms", millis_of(s.max)}};
}

}  // namespace

std::string report_text(const Tally& tally, const RunFacts& facts) {
  std::string text = facts.target + ", workload " + facts.workload + ", " + facts.loop + "\n";
  text += line("  sent %llu, ok %llu, failed %llu; %.1f requests/s and %.1f tokens/s over %.1f s\n",
               static_cast<unsigned long long>(tally.sent), static_cast<unsigned long long>(tally.of(Outcome::ok)),
               static_cast<unsigned long long>(tally.failed()), per_second(tally.whole.count(), facts.timed),
               per_second(tally.tokens, facts.timed), facts.timed.seconds());
  text += failures_text(tally);
  text += line("  %-12s%10s%10s%10s%10s%10s%10s\n", "ms", "mean", "p50", "p90", "p99", "p99.9", "max");
  for (const auto& [name, samples] : kTimes) {
    const Summary s = (tally.*samples).summarise();
    if (s.count == 0) continue;
    text += line("  %-12s%10.3f%10.3f%10.3f%10.3f%10.3f%10.3f\n", name, millis_of(s.mean), millis_of(s.p50),
                 millis_of(s.p90), millis_of(s.p99), millis_of(s.p999), millis_of(s.max));
  }
  if (tally.all.prompt_tokens > 0) {
    text += line("  cached %.4f of the prompt tokens; busiest replica's uncached work %.3f times the mean of %zu\n",
                 share(tally.all.cached_tokens, tally.all.prompt_tokens), imbalance(tally), tally.replicas.size());
  }
  text += line("  the generator itself used %.2f s of processor time\n", facts.cpu.seconds());
  return text;
}

std::string report_json(const Tally& tally, const RunFacts& facts) {
  ordered_json failures = ordered_json::object();
  for (std::size_t i = 1; i < kOutcomes; ++i) {
    failures[std::string(word(static_cast<Outcome>(i)))] = tally.outcomes[i];
  }
  ordered_json statuses = ordered_json::object();
  for (const auto& [status, count] : tally.statuses) statuses[std::to_string(status)] = count;
  ordered_json times = ordered_json::object();
  for (const auto& [name, samples] : kTimes) times[name] = times_json(tally.*samples);
  ordered_json replicas = ordered_json::object();
  for (const auto& [name, of] : tally.replicas) {
    replicas[name] = {
        {"requests", of.requests}, {"prompt_tokens", of.prompt_tokens}, {"cached_tokens", of.cached_tokens}};
  }
  const ordered_json all = {{"target", facts.target},
                            {"workload", facts.workload},
                            {"loop", facts.loop},
                            {"timed_seconds", facts.timed.seconds()},
                            {"generator_cpu_seconds", facts.cpu.seconds()},
                            {"sent", tally.sent},
                            {"ok", tally.of(Outcome::ok)},
                            {"failed", tally.failed()},
                            {"failures", std::move(failures)},
                            {"statuses", std::move(statuses)},
                            {"first_flaw", tally.first_flaw},
                            {"connections", tally.connections},
                            {"body_bytes_sent", tally.bytes_sent},
                            {"bytes_received", tally.bytes_received},
                            {"requests_per_second", per_second(tally.whole.count(), facts.timed)},
                            {"tokens", tally.tokens},
                            {"tokens_per_second", per_second(tally.tokens, facts.timed)},
                            {"times", std::move(times)},
                            {"prompt_tokens", tally.all.prompt_tokens},
                            {"cached_tokens", tally.all.cached_tokens},
                            {"cached_share", share(tally.all.cached_tokens, tally.all.prompt_tokens)},
                            {"imbalance", imbalance(tally)},
                            {"replicas", std::move(replicas)}};
  return all.dump(1) + "\n";
}

std::string progress_line(const Tally& tally, Duration elapsed, std::uint32_t in_flight, double rate) {
  return line("%.0f s: %llu ok, %llu failed, %u on their way, %.0f requests/s", elapsed.seconds(),
              static_cast<unsigned long long>(tally.of(Outcome::ok)), static_cast<unsigned long long>(tally.failed()),
              in_flight, rate);
}

}  // namespace wp::load
