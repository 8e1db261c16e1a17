// The replica with the fewest requests under way; of equals, one drawn at random.
#pragma once

#include "tools/lab/strategies.h"

namespace wp::lab {

class LeastOutstanding final : public Router {
 public:
  static constexpr std::string_view kOrigin =
      "kubeai-project/kubeai f442a2c, internal/loadbalancer/balance_least_load.go:3";

  explicit LeastOutstanding(const RouterNeeds& /*needs*/) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;

 private:
  Candidates candidates_;
};

}  // namespace wp::lab
