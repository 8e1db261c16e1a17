// The chat template: bodies become prompts in the order engines use, tools, system, turns, so that a turn's prompt and
// reply are the prefix of the next turn's prompt. Tool definitions are written with sorted keys: their order in the
// client's JSON does not matter.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"
#include "tools/replica/tokenizer.h"

namespace wp::replica {

class Renderer {
 public:
  using Done = std::expected<void, ApiError>;

  Renderer() { append(tokens_, Mark::begin); }

  // An array of tool definitions; null and an empty array render nothing.
  [[nodiscard]] Done tools(const nlohmann::json& tools);
  // A whole turn: content is a string, null or an array of parts.
  [[nodiscard]] Done turn(Mark role, const nlohmann::json& content, std::string_view field);
  // `messages` of OpenAI or Anthropic: objects with role, content and perhaps tool_calls.
  [[nodiscard]] Done messages(const nlohmann::json& messages);
  // `input` of the Responses API: a string, or an array of messages and of items of other types.
  [[nodiscard]] Done input_items(const nlohmann::json& input);
  // Bare text without a role.
  void text(std::string_view text) { append(tokens_, text); }

  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  // The prompt, ending where the assistant is to speak.
  [[nodiscard]] std::vector<Token> take_chat();
  // The prompt as it stands.
  [[nodiscard]] std::vector<Token> take() { return std::move(tokens_); }

 private:
  [[nodiscard]] Done message(const nlohmann::json& message, std::string_view field);
  [[nodiscard]] Done content(const nlohmann::json& content, std::string_view field);

  std::vector<Token> tokens_;
};

// `prompt` of /v1/completions and `input` of /v1/embeddings: a string, or an array of token ids.
[[nodiscard]] Renderer::Done append_plain(const nlohmann::json& value, std::string_view field,
                                          std::vector<Token>& tokens);

}  // namespace wp::replica
