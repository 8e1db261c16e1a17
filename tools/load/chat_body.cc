#include "tools/load/chat_body.h"

#include "dataplane/base/assert.h"
#include "tools/replica/reply_text.h"

namespace wp::load {

std::string message_json(const Message& message) {
  std::string json = "{\"role\":\"";
  json += message.role;
  json += "\",\"content\":\"";
  json += message.content;
  json += "\"},";
  return json;
}

std::string chat_body(const ChatStyle& style, std::string_view messages) {
  WP_ASSERT(messages.ends_with(','));
  messages.remove_suffix(1);
  std::string body = "{\"model\":\"" + style.model + "\",\"messages\":[";
  body += messages;
  body += "],\"max_tokens\":" + std::to_string(style.reply_tokens);
  if (style.greedy) body += ",\"temperature\":0";
  if (style.stream) body += ",\"stream\":true";
  if (style.stream && style.usage) body += ",\"stream_options\":{\"include_usage\":true}";
  body += '}';
  return body;
}

std::string words(std::uint64_t seed, std::uint32_t tokens) {
  return replica::make_reply(seed, tokens);
}

}  // namespace wp::load
