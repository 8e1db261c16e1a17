#include "tools/replica/api.h"

#include <array>

#include <nlohmann/json.hpp>

#include "tools/replica/api_anthropic.h"
#include "tools/replica/api_embeddings.h"
#include "tools/replica/api_openai.h"
#include "tools/replica/api_responses.h"
#include "tools/replica/fields.h"

namespace wp::replica {

std::expected<Ask, ApiError> Api::read(std::string_view body) const {
  const auto parsed = parse_body(body);
  if (!parsed) return std::unexpected(parsed.error());
  return parse(*parsed);
}

const Api* find_api(std::string_view path) {
  static const ChatApi kChat;
  static const CompletionApi kCompletion;
  static const EmbeddingsApi kEmbeddings;
  static const ResponsesApi kResponses;
  static const MessagesApi kMessages;
  static const std::array<const Api*, 5> kAll = {&kChat, &kCompletion, &kEmbeddings, &kResponses, &kMessages};
  for (const Api* api : kAll) {
    if (api->path() == path) return api;
  }
  return nullptr;
}

}  // namespace wp::replica
