// Any replica, each as likely.
#pragma once

#include "tools/lab/strategies.h"

namespace wp::lab {

class Random final : public Router {
 public:
  static constexpr std::string_view kOrigin = "lightseekorg/smg 73da68c, model_gateway/src/policies/random.rs:35";

  explicit Random(const RouterNeeds& /*needs*/) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override {
    const auto positions = candidates_.of(question.input);
    if (positions.empty()) return {};
    const std::uint16_t position = positions[question.input.rng.below(static_cast<std::uint32_t>(positions.size()))];
    return {&question.input.snapshot.replicas[position], Reason::least_loaded};
  }

 private:
  Candidates candidates_;
};

}  // namespace wp::lab
