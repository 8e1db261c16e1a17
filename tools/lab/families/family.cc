#include "tools/lab/families/family.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tools/lab/families/draw.h"

namespace wp::lab {
namespace {

constexpr auto kFamilies = std::to_array<Family>({
    {"hot-root", "sessions of a few turns, all behind one system prompt", write_hot_root},
    {"many-roots", "short conversations behind hundreds of system prompts, some far more asked than others",
     write_many_roots},
    {"agents", "long chains of growing prompts, whose middle is dropped when the context is full", write_agents},
    {"short-sessions", "prompts of some hundred tokens in few sessions, many of them under the first rung",
     write_short_sessions},
    {"rag", "a short system prompt, documents of which some are popular, a question", write_rag},
    {"quarter", "64 replicas; one prefix begins a quarter of the requests", write_quarter},
    {"low-sharing", "26 % of the tokens were sent before, in the prompt that is continued", write_low_sharing},
    {"no-sharing", "no two prompts begin alike", write_no_sharing},
    {"unequal", "few endless sessions of very unequal weight", write_unequal},
    {"bursts", "many siblings of one new prompt at the same moment", write_bursts},
});

}  // namespace

std::span<const Family> all_families() {
  return kFamilies;
}

const Family* find_family(std::string_view name) {
  const auto found = std::ranges::find(kFamilies, name, &Family::name);
  return found == kFamilies.end() ? nullptr : &*found;
}

Script make_script(const Family& family, std::uint64_t seed) {
  // Of its own stream, or the same seed's families would all have the same fleet.
  Rng rng(seed ^ mix64(static_cast<std::uint64_t>(&family - kFamilies.data())));
  Script script;
  script.replicas = draw_count(rng, 4, 12);
  script.prefill_rate = draw_factor(rng, 2'500, 10'000);
  script.small_share = draw_factor(rng, 0.02, 0.1);
  script.large_share = draw_between(rng, 0.3, 0.6);
  family.write(rng, script);
  std::ranges::sort(script.lines, {}, [](const ScriptLine& line) { return std::pair(line.at, line.session); });
  return script;
}

}  // namespace wp::lab
