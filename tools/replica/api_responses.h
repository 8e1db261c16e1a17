// OpenAI's /v1/responses: one output message of one text part, events with names and sequence numbers.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"

namespace wp::replica {

class ResponsesApi final : public Api {
 public:
  [[nodiscard]] std::string_view path() const override { return "/v1/responses"; }
  [[nodiscard]] std::string_view name() const override { return "responses"; }
  [[nodiscard]] std::expected<Ask, ApiError> parse(const nlohmann::json& body) const override;
  [[nodiscard]] std::string error(const ApiError& error) const override { return openai_error(error); }
  [[nodiscard]] std::string whole(const Answer& answer) const override;
  void stream_begin(Answer& answer, std::string& out) const override;
  void stream_token(Answer& answer, std::uint32_t index, std::string& out) const override;
  void stream_end(Answer& answer, std::string& out) const override;
};

}  // namespace wp::replica
