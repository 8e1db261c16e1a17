// POST /route/explain: how the daemon would route a request now, and why, without sending or charging anything. Control
// socket only: it answers with what sessions and prompts are hashed to.
//
//   {"request": BODY, "path": "/v1/...", "headers": ["Name: value", ...], "pool": NAME}, all but the first optional
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/admin_pick.h"
#include "controlplane/admin_reply.h"
#include "controlplane/publisher.h"
#include "dataplane/prompt/features.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminRoute {
 public:
  // `limits` and `session_headers`: as the shards read requests.
  AdminRoute(const Publisher& publisher, const Known& known, const prompt::ExtractLimits& limits,
             std::vector<std::string> session_headers)
      : publisher_(publisher), known_(known), limits_(limits), session_headers_(std::move(session_headers)) {}

  // `rest`: what stands behind "/route/".
  [[nodiscard]] AdminReply handle(const AdminRequest& request, std::string_view rest) const;

 private:
  struct Question {
    std::string body;
    prompt::Api api = prompt::Api::none;
    std::string pool;  // empty: where the model leads
    std::string session;
    std::string session_header;  // the one that `session` came in
    std::string credential;
  };

  [[nodiscard]] std::expected<Question, std::string> read(std::string_view text) const;
  [[nodiscard]] std::expected<void, std::string> read_headers(const std::vector<std::string>& lines,
                                                              Question& question) const;
  [[nodiscard]] AdminReply answer(const Question& question, const prompt::Features& features) const;

  const Publisher& publisher_;
  Known known_;
  prompt::ExtractLimits limits_;
  std::vector<std::string> session_headers_;
};

}  // namespace wp::control
