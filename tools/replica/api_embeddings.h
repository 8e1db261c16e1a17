// /v1/embeddings: prefill without decoding. The vectors are made from a hash of each input, unit length, the same for
// the same input.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"

namespace wp::replica {

class EmbeddingsApi final : public Api {
 public:
  [[nodiscard]] std::string_view path() const override { return "/v1/embeddings"; }
  [[nodiscard]] std::string_view name() const override { return "embeddings"; }
  [[nodiscard]] std::expected<Ask, ApiError> parse(const nlohmann::json& body) const override;
  [[nodiscard]] std::string error(const ApiError& error) const override { return openai_error(error); }
  [[nodiscard]] std::string whole(const Answer& answer) const override;
  // Never streamed: parse() leaves `stream` off.
  void stream_begin(Answer&, std::string&) const override {}
  void stream_token(Answer&, std::uint32_t, std::string&) const override {}
  void stream_end(Answer&, std::string&) const override {}
};

}  // namespace wp::replica
