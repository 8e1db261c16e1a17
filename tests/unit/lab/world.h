// A gateway before a small fleet, asked by hand: for the rivals' worked examples.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/lab/gateway.h"
#include "tools/lab/strategies.h"
#include "tools/lab/trace_builder.h"

namespace wp::lab {

// A prompt of whole Mooncake blocks.
[[nodiscard]] inline MooncakeLine mooncake(std::int64_t at_ms, std::vector<std::uint64_t> ids,
                                           std::uint32_t output_tokens = 1) {
  MooncakeLine line;
  line.at = millis(at_ms);
  line.output_tokens = output_tokens;
  line.prompt_tokens = kMooncakeBlock * static_cast<std::uint32_t>(ids.size());
  line.ids = std::move(ids);
  return line;
}

[[nodiscard]] inline Trace trace_of(const std::vector<MooncakeLine>& lines, const TraceConfig& config = {}) {
  TraceBuilder builder(config, "test");
  for (const MooncakeLine& line : lines) static_cast<void>(builder.add(line).value());
  return builder.take();
}

class World {
 public:
  World(std::string_view strategy, std::uint32_t replicas, std::vector<std::vector<std::uint64_t>> prompts,
        const balance::Bounds& bounds = {})
      : trace_(make_trace(prompts)),
        fleet_(make_fleet(trace_, replicas)),
        gateway_({.bounds = bounds, .max_replicas = replicas + 1, .seed = 1}, *find_strategy(strategy),
                 {fleet_, trace_, 1}, std::vector<Standing>(replicas, Standing::up)) {}

  // Sends the prompt of that number, which then is under way. Returns the replica's number.
  std::uint32_t send(std::uint32_t prompt) {
    const TraceRequest& request = trace_.requests[prompt];
    const auto blocks = trace_.blocks_of(request);
    auto choice = gateway_.pick(now_, request, blocks, prompt, {});
    if (!choice) return UINT32_MAX;
    gateway_.sent(now_, request, blocks, prompt, *choice);
    static_cast<void>(fleet_[choice->replica].take(now_, blocks, request.prompt_tokens, request.output_tokens));
    decision_ = choice->decision;
    charges_[prompt] = std::move(choice->charge);
    return choice->replica;
  }
  void first_byte(std::uint32_t prompt) {
    charges_[prompt].release_prefill();
    gateway_.router().first_byte(prompt);
  }
  void end(std::uint32_t prompt) {
    first_byte(prompt);
    charges_[prompt] = {};
    gateway_.router().ended(prompt);
  }
  void wait(Duration time) { now_ = now_ + time; }

  [[nodiscard]] Reason decision() const { return decision_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] Gateway& gateway() { return gateway_; }
  [[nodiscard]] Fleet& fleet() { return fleet_; }

 private:
  static Trace make_trace(const std::vector<std::vector<std::uint64_t>>& prompts) {
    std::vector<MooncakeLine> lines;
    for (const auto& prompt : prompts) lines.push_back(mooncake(static_cast<std::int64_t>(lines.size()), prompt));
    return trace_of(lines);
  }
  static Fleet make_fleet(const Trace& trace, std::uint32_t replicas) {
    Fleet fleet;
    for (std::uint32_t i = 0; i <= replicas; ++i) {
      fleet.emplace_back(ReplicaModelConfig{}, trace.block_tokens, trace.distinct_blocks);
    }
    return fleet;
  }

  Trace trace_;
  Fleet fleet_;
  Gateway gateway_;
  std::vector<balance::Charge> charges_ = std::vector<balance::Charge>(trace_.requests.size());
  Instant now_{1};
  Reason decision_ = Reason::none;
};

}  // namespace wp::lab
