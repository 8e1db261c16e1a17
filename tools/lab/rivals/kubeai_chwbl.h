// KubeAI's consistent hashing with bounded loads. A ring with 256 points a replica; the key is the first 100 characters
// of the prompt's first user turn; from the key's point on, the first replica whose requests under way are at most
// 1.25 * (all under way + 1) / replicas. When none is, the key's own.
//
//   the walk       internal/loadbalancer/balance_chwbl.go:36
//   the bound      internal/loadbalancer/balance_chwbl.go:152
//   the points     internal/loadbalancer/balance_chwbl.go:86 (XXH64 of name and number)
//   the defaults   api/k8s/v1/model_types.go:194, 202 and 207
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tools/lab/strategies.h"

namespace wp::lab {

class KubeaiChwbl final : public Router {
 public:
  static constexpr std::string_view kOrigin =
      "kubeai-project/kubeai f442a2c, internal/loadbalancer/balance_chwbl.go:14";
  static constexpr std::uint32_t kPoints = 256;
  static constexpr double kLoadFactor = 1.25;

  explicit KubeaiChwbl(const RouterNeeds& /*needs*/) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;

 private:
  void rebuild(const balance::PickInput& input);

  std::vector<std::uint16_t> members_;                         // positions that ring_ is made of
  std::vector<std::pair<std::uint64_t, std::uint16_t>> ring_;  // (point, position), ascending
};

}  // namespace wp::lab
