// The replica that the conversation hashes to, whether or not the client names it: what routers that go by a session
// key do when every client sends one.
#pragma once

#include "tools/lab/rivals/hashed.h"
#include "tools/lab/strategies.h"

namespace wp::lab {

class SessionHash final : public Router {
 public:
  static constexpr std::string_view kOrigin =
      "lightseekorg/smg 73da68c, model_gateway/src/policies/consistent_hashing.rs:68";

  explicit SessionHash(const RouterNeeds& needs) : seed_(needs.seed) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override {
    return pick_hashed(question.input, candidates_, mix64(question.request.conversation ^ seed_));
  }

 private:
  std::uint64_t seed_;
  Candidates candidates_;
};

}  // namespace wp::lab
