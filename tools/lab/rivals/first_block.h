// The replica that the prompt's first cache block hashes to. Where every prompt begins with the same block, everything
// goes to one replica.
#pragma once

#include "tools/lab/rivals/hashed.h"
#include "tools/lab/strategies.h"

namespace wp::lab {

class FirstBlock final : public Router {
 public:
  static constexpr std::string_view kOrigin =
      "lightseekorg/smg 73da68c, model_gateway/src/policies/prefix_hash.rs:107, without its bound";

  explicit FirstBlock(const RouterNeeds& needs) : seed_(needs.seed) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override {
    // A prompt without a whole block has nothing to be found by.
    const std::uint64_t key = question.blocks.empty() ? question.request.conversation : question.blocks.front();
    return pick_hashed(question.input, candidates_, mix64(key ^ seed_));
  }

 private:
  std::uint64_t seed_;
  Candidates candidates_;
};

}  // namespace wp::lab
