// Told every cache and every queue as they are, it takes the replica on which the request's first token would come
// soonest: the least of uncached tokens and the queue before them. Held to the same bounds as our own strategies; all
// over them, the cheapest. Of equals, the one that was sent the fewest prompt tokens so far.
//
// It is greedy, so that no bound on what is possible: a strategy that keeps caches apart can end with more hits.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/lab/strategies.h"

namespace wp::lab {

class Oracle final : public Router {
 public:
  static constexpr std::string_view kOrigin = "none: a yardstick, not a product";

  explicit Oracle(const RouterNeeds& needs) : fleet_(needs.fleet) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;
  void sent(const Question& question, const balance::Replica& replica) override;

 private:
  const Fleet& fleet_;
  std::vector<std::uint64_t> tokens_;  // sent, by position
  Candidates candidates_;
};

}  // namespace wp::lab
