// OpenAI's older APIs as vLLM serves them: /v1/chat/completions and /v1/completions.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"

namespace wp::replica {

class ChatApi final : public Api {
 public:
  [[nodiscard]] std::string_view path() const override { return "/v1/chat/completions"; }
  [[nodiscard]] std::string_view name() const override { return "chat_completions"; }
  [[nodiscard]] std::expected<Ask, ApiError> parse(const nlohmann::json& body) const override;
  [[nodiscard]] std::string error(const ApiError& error) const override { return openai_error(error); }
  [[nodiscard]] std::string whole(const Answer& answer) const override;
  void stream_begin(Answer& answer, std::string& out) const override;
  void stream_token(Answer& answer, std::uint32_t index, std::string& out) const override;
  void stream_end(Answer& answer, std::string& out) const override;
};

class CompletionApi final : public Api {
 public:
  [[nodiscard]] std::string_view path() const override { return "/v1/completions"; }
  [[nodiscard]] std::string_view name() const override { return "completions"; }
  [[nodiscard]] std::expected<Ask, ApiError> parse(const nlohmann::json& body) const override;
  [[nodiscard]] std::string error(const ApiError& error) const override { return openai_error(error); }
  [[nodiscard]] std::string whole(const Answer& answer) const override;
  void stream_begin(Answer& answer, std::string& out) const override;
  void stream_token(Answer& answer, std::uint32_t index, std::string& out) const override;
  void stream_end(Answer& answer, std::string& out) const override;
};

// `usage` of chat, completions and embeddings. cached_tokens is left out when zero or not reported, as vLLM does.
[[nodiscard]] nlohmann::ordered_json openai_usage(const Answer& answer);

}  // namespace wp::replica
