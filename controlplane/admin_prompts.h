// POST /v1/prompts: which prompts of pools of the strategy `kv` were sent where, for who makes out what engines tell of
// their caches. Each note is given once. doc/REPORTS.md is the contract.
#pragma once

#include <vector>

#include "controlplane/admin_reply.h"
#include "controlplane/registry.h"
#include "dataplane/balance/prompt_tap.h"
#include "dataplane/base/time.h"

namespace wp::control {

// Control thread only; what is handed in outlives it.
class AdminPrompts {
 public:
  // A monotonic clock, the one that the shards' instants come from.
  using Now = Instant (*)();
  AdminPrompts(const Registry& registry, Now now) : registry_(registry), now_(now) {}

  // Of one shard.
  void add(balance::PromptTap& tap) { taps_.push_back(&tap); }
  [[nodiscard]] AdminReply handle(const AdminRequest& request);

  // Shards note prompts for so long after they were asked for.
  static constexpr Duration kWantedFor = seconds(5);
  // In one answer, of all shards together: some 2 MiB, and no long stay on the control thread.
  static constexpr std::uint32_t kMost = 1024;

 private:
  const Registry& registry_;
  Now now_;
  std::vector<balance::PromptTap*> taps_;
};

}  // namespace wp::control
