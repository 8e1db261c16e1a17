#include <array>
#include <utility>

#include "dataplane/prompt/features.h"

namespace wp::prompt {
namespace {

constexpr std::array<std::pair<Api, std::string_view>, 5> kPaths{{
    {Api::chat_completions, "/v1/chat/completions"},
    {Api::completions, "/v1/completions"},
    {Api::responses, "/v1/responses"},
    {Api::embeddings, "/v1/embeddings"},
    {Api::messages, "/v1/messages"},
}};

}  // namespace

Api api_of(std::string_view path) {
  for (const auto& [api, known] : kPaths) {
    if (path == known) return api;
  }
  return Api::none;
}

std::string_view word(Api api) {
  switch (api) {
    case Api::none: return "none";
    case Api::chat_completions: return "chat_completions";
    case Api::completions: return "completions";
    case Api::responses: return "responses";
    case Api::embeddings: return "embeddings";
    case Api::messages: return "messages";
  }
  return "none";
}

}  // namespace wp::prompt
