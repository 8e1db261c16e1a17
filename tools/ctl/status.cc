#include "tools/ctl/status.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "tools/ctl/human.h"
#include "tools/ctl/knowledge.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

std::string whole(const Json& value) {
  return std::to_string(value.get<std::uint64_t>());
}

// "3: 2 up, 1 draining"
Cell replicas_fact(const Json& counts) {
  std::string text = whole(counts.at("total"));
  std::string sign = ": ";
  for (const char* state : {"up", "starting", "draining", "down"}) {
    if (counts.at(state) == 0) continue;
    text += sign + whole(counts.at(state)) + " " + state;
    sign = ", ";
  }
  return {text, counts.at("pickable") == 0 ? Tone::bad : Tone::plain};
}

Cell shards_fact(const Json& shards) {
  const auto stalled = std::ranges::count_if(shards, [](const Json& shard) { return shard.at("stalled") == true; });
  if (stalled == 0) return std::to_string(shards.size()) + ", all turn";
  return {std::to_string(shards.size()) + ", " + std::to_string(stalled) + " do not turn", Tone::bad};
}

// Where the settings come from, and how old they are.
std::string config_fact(const Json& config) {
  if (config.at("file").is_null()) return "the command line";
  return config.at("file").get<std::string>() + ", read " + span_text(config.at("loaded_seconds_ago")) + " ago";
}

// Nothing when the last reload was good.
Cell reload_fact(const Json& config) {
  const Json& last = config.at("last_reload");
  if (last.is_null() || last.at("problems").empty()) return "";
  return {"not done (" + last.at("result").get<std::string>() + "): " + last.at("problems").front().get<std::string>(),
          Tone::bad};
}

std::string facts(const Json& status, bool colour) {
  const bool draining = status.at("draining");
  std::vector<std::pair<std::string, Cell>> facts = {
      {"warmpathd", status.at("version").get<std::string>() + " on " + status.at("transport").get<std::string>() +
                        ", process " + whole(status.at("pid"))},
      {"up for", span_text(static_cast<std::uint64_t>(status.at("uptime_seconds").get<double>()))},
      {"state", draining ? Cell("draining: it stops", Tone::warning) : Cell("serving", Tone::good)},
      {"shards", shards_fact(status.at("shards"))},
      {"connections", whole(status.at("connections")) + " of clients"},
      {"requests", whole(status.at("requests_in_flight")) + " in flight"},
      {"replicas", replicas_fact(status.at("replicas"))},
      {"snapshot", whole(status.at("snapshot"))},
  };
  if (const auto known = status.find("knowledge"); known != status.end()) {
    facts.emplace_back("known by", knowledge_fact(*known));
  }
  if (const auto config = status.find("config"); config != status.end()) {
    facts.emplace_back("settings from", config_fact(*config));
    if (Cell reload = reload_fact(*config); !reload.text.empty()) facts.emplace_back("last reload", std::move(reload));
  }
  if (status.contains("resident_bytes")) facts.emplace_back("memory", bytes_text(status.at("resident_bytes")));
  if (status.contains("open_files")) facts.emplace_back("open files", whole(status.at("open_files")));
  return fact_lines(facts, colour);
}

std::string pools_table(const Json& pools, bool colour) {
  Table table({{"POOL"},
               {"STRATEGY"},
               {"REPLICAS", Align::right},
               {"IN USE", Align::right},
               {"STREAMS", Align::right},
               {"PREFILL TOKENS", Align::right}});
  for (const Json& pool : pools) {
    const bool empty = pool.at("replicas_in_use") == 0;
    table.add({pool.at("name").get<std::string>(), pool.at("strategy").get<std::string>(), whole(pool.at("replicas")),
               Cell(whole(pool.at("replicas_in_use")), empty ? Tone::bad : Tone::plain), whole(pool.at("streams")),
               whole(pool.at("prefill_tokens"))});
  }
  return table.text(colour);
}

std::string shards_table(const Json& shards, bool colour) {
  Table table({{"SHARD", Align::right}, {"CONNECTIONS", Align::right}, {"TURNS", Align::right}, {"LOOP"}});
  for (const Json& shard : shards) {
    const bool stalled = shard.at("stalled");
    table.add({whole(shard.at("shard")), whole(shard.at("connections")), whole(shard.at("turns")),
               stalled ? Cell("does not turn", Tone::bad) : Cell("turns", Tone::good)});
  }
  return table.text(colour);
}

Outcome<void> show_status(const Context& context) {
  const auto status = ask_json(context, {.path = "/status"});
  if (!status) return std::unexpected(status.error());
  if (context.json) {
    print_json(context, *status);
    return {};
  }
  context.out << facts(*status, context.colour) << "\n"
              << pools_table(status->at("pools"), context.colour) << "\n"
              << shards_table(status->at("shards"), context.colour);
  return {};
}

}  // namespace

void declare_status(CLI::App& root, Context& context) {
  add_command(root, context,
              {"status",
               "the daemon at a glance: what runs, pools, shards",
               {"status                  # for people", "status --json | jq .requests_in_flight"}},
              [&context] { return show_status(context); });
}

}  // namespace wp::ctl
