// Told every cache at once, it takes the replica that has the most of the prompt, among those that did not yet do more
// than their share of the work: at most kGuard of the mean uncached tokens sent, or kSlack above it.
//
// It cannot be built: no router knows every cache. It stands for the best that routing by caches alone could do.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/lab/strategies.h"

namespace wp::lab {

class LongestPrefix final : public Router {
 public:
  static constexpr std::string_view kOrigin = "none: a bound, not a product";
  static constexpr double kGuard = 1.05;
  static constexpr std::uint64_t kSlack = 65'536;  // tokens

  explicit LongestPrefix(const RouterNeeds& needs) : fleet_(needs.fleet), block_tokens_(needs.trace.block_tokens) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;
  void sent(const Question& question, const balance::Replica& replica) override;

 private:
  const Fleet& fleet_;
  std::uint32_t block_tokens_;
  std::vector<std::uint64_t> work_;  // uncached tokens sent, by the replica's number
  std::uint32_t uncached_ = 0;       // of the last pick
  Candidates candidates_;
};

}  // namespace wp::lab
