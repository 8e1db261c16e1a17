// Anthropic's /v1/messages, its event stream and its shape of errors.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"

namespace wp::replica {

class MessagesApi final : public Api {
 public:
  [[nodiscard]] std::string_view path() const override { return "/v1/messages"; }
  [[nodiscard]] std::string_view name() const override { return "messages"; }
  [[nodiscard]] std::expected<Ask, ApiError> parse(const nlohmann::json& body) const override;
  [[nodiscard]] std::string error(const ApiError& error) const override;
  [[nodiscard]] std::string whole(const Answer& answer) const override;
  void stream_begin(Answer& answer, std::string& out) const override;
  void stream_token(Answer& answer, std::uint32_t index, std::string& out) const override;
  void stream_end(Answer& answer, std::string& out) const override;
};

}  // namespace wp::replica
