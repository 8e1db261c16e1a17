// POST /ring/lookup: which replica a session key or a request body leads to, and why. Control socket only: it answers
// with what a session is hashed to.
//
//   {"session": KEY} or {"request": BODY, "path": "/v1/..."}, and where they matter "credential", "model", "pool"
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/admin_pick.h"
#include "controlplane/admin_reply.h"
#include "controlplane/publisher.h"
#include "dataplane/prompt/features.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminRing {
 public:
  // `limits`: as the shards read bodies, their hash key included.
  AdminRing(const Publisher& publisher, const Known& known, const prompt::ExtractLimits& limits)
      : publisher_(publisher), known_(known), limits_(limits) {}

  // `rest`: what stands behind "/ring/".
  [[nodiscard]] AdminReply handle(const AdminRequest& request, std::string_view rest) const;

 private:
  struct Question {
    std::unique_ptr<prompt::Extractor> extractor;  // of the features, whose rungs are alive as long
    prompt::Features features;
    std::string model;
    std::string pool;  // empty: where the model leads
  };

  [[nodiscard]] std::expected<Question, std::string> read(std::string_view body) const;
  [[nodiscard]] AdminReply answer(const Question& question) const;

  const Publisher& publisher_;
  Known known_;
  prompt::ExtractLimits limits_;
};

}  // namespace wp::control
