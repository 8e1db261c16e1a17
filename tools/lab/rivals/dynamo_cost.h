// The cost of NVIDIA Dynamo's KV router: prefill tokens that the worker would have to compute (those under way and the
// request's uncached ones), in blocks, plus the blocks that its requests under way would hold. The least wins, one of
// equals at random: worker_logit() with weights of 1, and select_worker() at temperature 0.
//
// Its indexer learns of caches from the engines' events; here they come without delay, and what is queued counts as
// cached already. A reply's own blocks are not counted.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tools/lab/strategies.h"

namespace wp::lab {

class DynamoCost final : public Router {
 public:
  static constexpr std::string_view kOrigin = "ai-dynamo/dynamo 01690d4, lib/kv-router/src/scheduling/selector.rs:138";

  explicit DynamoCost(const RouterNeeds& needs)
      : fleet_(needs.fleet), trace_(needs.trace), workers_(needs.fleet.size()) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;
  void sent(const Question& question, const balance::Replica& replica) override;
  void first_byte(std::uint64_t id) override;
  void ended(std::uint64_t id) override;

 private:
  struct Worker {
    std::uint64_t prefill_tokens = 0;                     // under way, uncached
    std::unordered_map<BlockHash, std::uint32_t> blocks;  // held by requests under way, with how many hold each
  };
  struct Request {
    std::size_t worker = 0;
    std::uint64_t prefill_tokens = 0;  // until the first byte
    std::span<const BlockHash> blocks;
  };
  [[nodiscard]] std::uint64_t uncached(const Question& question, std::size_t worker) const;

  const Fleet& fleet_;
  const Trace& trace_;
  std::vector<Worker> workers_;  // by position
  std::unordered_map<std::uint64_t, Request> under_way_;
  std::uint64_t picked_tokens_ = 0;  // uncached, of the last pick
  Candidates candidates_;
};

}  // namespace wp::lab
