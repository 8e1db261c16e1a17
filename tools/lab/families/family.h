// Families of workloads: each makes up a script of its kind from a seed, and every parameter that its comment does not
// fix is drawn from a range. What is tuned on even seeds is shown on odd ones.
#pragma once

#include <span>
#include <string_view>

#include "dataplane/base/rng.h"
#include "tools/lab/families/script.h"

namespace wp::lab {

struct Family {
  std::string_view name;
  std::string_view about;  // one line
  void (*write)(Rng& rng, Script& script) = nullptr;
};

[[nodiscard]] std::span<const Family> all_families();
[[nodiscard]] const Family* find_family(std::string_view name);

[[nodiscard]] Script make_script(const Family& family, std::uint64_t seed);

// Conversations (talks.cc).
void write_hot_root(Rng& rng, Script& script);
void write_many_roots(Rng& rng, Script& script);
void write_quarter(Rng& rng, Script& script);
void write_agents(Rng& rng, Script& script);
void write_short_sessions(Rng& rng, Script& script);
void write_unequal(Rng& rng, Script& script);

// Prompts that stand alone, or nearly (singles.cc).
void write_rag(Rng& rng, Script& script);
void write_low_sharing(Rng& rng, Script& script);
void write_no_sharing(Rng& rng, Script& script);
void write_bursts(Rng& rng, Script& script);

}  // namespace wp::lab
