#include "tools/lab/trace_line.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace wp::lab {
namespace {

using nlohmann::json;
using Trouble = std::unexpected<std::string>;

// Beyond these a number is a mistake: a hundred years, and more tokens than any context.
constexpr double kMaxSeconds = 3.2e9;
constexpr std::uint64_t kMaxTokens = 100'000'000;
constexpr std::uint32_t kMaxDepth = 128;  // the daemon takes 64

Trouble wrong(const char* name, const char* wanted) {
  return Trouble(std::string("\"") + name + "\": " + wanted);
}

// How deep objects and arrays nest, or more than kMaxDepth. Whoever walks a value does so recursively.
std::uint32_t depth_of(std::string_view text) {
  std::uint32_t depth = 0;
  std::uint32_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size() && deepest <= kMaxDepth; ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      i += c == '\\' ? 1 : 0;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

std::expected<json, std::string> parse_object(std::string_view line) {
  if (depth_of(line) > kMaxDepth) return Trouble("objects and arrays nest too deep");
  json value = json::parse(line.begin(), line.end(), nullptr, false);
  if (value.is_discarded()) return Trouble("no valid JSON");
  if (!value.is_object()) return Trouble("a JSON object is wanted, one a line");
  return value;
}

// A time in units of `unit` seconds, as nanoseconds.
std::expected<Duration, std::string> read_time(const json& line, const char* name, double unit) {
  const auto found = line.find(name);
  if (found == line.end()) return wrong(name, "is missing");
  if (!found->is_number()) return wrong(name, "a number is wanted");
  const double value = found->get<double>() * unit;
  if (!(value >= 0) || value > kMaxSeconds) return wrong(name, "out of range");
  return nanos(std::llround(value * 1e9));
}

std::expected<std::uint32_t, std::string> read_tokens(const json& line, const char* name) {
  const auto found = line.find(name);
  if (found == line.end()) return wrong(name, "is missing");
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > kMaxTokens) {
    return wrong(name, "a whole number from 0 to 100,000,000 is wanted");
  }
  return found->get<std::uint32_t>();
}

std::expected<std::string, std::string> read_session(const json& line) {
  const auto found = line.find("session");
  if (found == line.end() || found->is_null()) return std::string();
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer()) return found->dump();
  return wrong("session", "a text or a whole number is wanted");
}

// The API that a body is for, by the member that holds its prompt.
prompt::Api api_of_body(const json& body) {
  if (body.contains("messages")) return prompt::Api::chat_completions;
  if (body.contains("prompt")) return prompt::Api::completions;
  if (body.contains("input")) return prompt::Api::responses;
  return prompt::Api::none;
}

// What a content or a prompt says in words: a string, or an array of strings or of parts with a text.
std::string words_of(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return {};
  std::string words;
  for (const json& part : content) {
    if (part.is_string()) words += part.get<std::string>();
    if (part.is_object() && part.contains("text") && part["text"].is_string()) words += part["text"].get<std::string>();
  }
  return words;
}

std::string first_user_turn(const json& turns) {
  if (!turns.is_array()) return words_of(turns);
  for (const json& turn : turns) {
    if (turn.is_object() && turn.value("role", json()) == "user" && turn.contains("content")) {
      return words_of(turn["content"]);
    }
  }
  return {};
}

std::string opening_of(prompt::Api api, const json& body) {
  switch (api) {
    case prompt::Api::chat_completions: return first_user_turn(body["messages"]);
    case prompt::Api::responses: return first_user_turn(body["input"]);
    default: return words_of(body["prompt"]);
  }
}

std::expected<void, std::string> read_prompt(const json& line, ChatLine& chat) {
  const auto body = line.find("body");
  const auto input = line.find("input");
  if ((body == line.end()) == (input == line.end())) return Trouble("either \"body\" or \"input\" is wanted");
  if (input != line.end()) {
    if (!input->is_string()) return wrong("input", "a text is wanted");
    chat.api = prompt::Api::completions;
    chat.body = json{{"prompt", *input}}.dump();
    chat.opening = input->get<std::string>();
    return {};
  }
  if (!body->is_object()) return wrong("body", "an object is wanted");
  chat.api = api_of_body(*body);
  if (chat.api == prompt::Api::none) return wrong("body", "has neither \"messages\" nor \"prompt\" nor \"input\"");
  chat.body = body->dump();
  chat.opening = opening_of(chat.api, *body);
  return {};
}

std::expected<std::uint32_t, std::string> read_output(const json& line) {
  if (line.contains("output_tokens")) return read_tokens(line, "output_tokens");
  if (!line.contains("output_chars")) return 0;
  const auto chars = read_tokens(line, "output_chars");
  if (!chars) return chars;
  return std::max(1U, *chars / prompt::kBytesPerToken);
}

}  // namespace

std::expected<TraceFormat, std::string> format_of(std::string_view line) {
  const auto value = parse_object(line);
  if (!value) return Trouble(value.error());
  if (value->contains("hash_ids")) return TraceFormat::mooncake;
  if (value->contains("timestamp_us")) return TraceFormat::chat;
  return Trouble("neither a Mooncake request (\"hash_ids\") nor a chat one (\"timestamp_us\")");
}

std::expected<MooncakeLine, std::string> read_mooncake(std::string_view line) {
  const auto value = parse_object(line);
  if (!value) return Trouble(value.error());
  MooncakeLine request;
  const auto at = read_time(*value, "timestamp", 1e-3);
  if (!at) return Trouble(at.error());
  request.at = *at;
  const auto prompt = read_tokens(*value, "input_length");
  if (!prompt) return Trouble(prompt.error());
  if (*prompt == 0) return wrong("input_length", "at least 1 is wanted");
  request.prompt_tokens = *prompt;
  const auto output = read_tokens(*value, "output_length");
  if (!output) return Trouble(output.error());
  request.output_tokens = *output;
  const auto ids = value->find("hash_ids");
  if (ids == value->end() || !ids->is_array()) return wrong("hash_ids", "an array is wanted");
  for (const json& id : *ids) {
    if (!id.is_number_unsigned()) return wrong("hash_ids", "whole numbers from 0 on are wanted");
    request.ids.push_back(id.get<std::uint64_t>());
  }
  const std::size_t blocks = (std::size_t{request.prompt_tokens} + kMooncakeBlock - 1) / kMooncakeBlock;
  if (request.ids.size() != blocks) {
    return Trouble("\"hash_ids\": " + std::to_string(request.ids.size()) + " of them, but " +
                   std::to_string(request.prompt_tokens) + " tokens are " + std::to_string(blocks) + " blocks of 512");
  }
  return request;
}

std::expected<ChatLine, std::string> read_chat(std::string_view line) {
  const auto value = parse_object(line);
  if (!value) return Trouble(value.error());
  ChatLine chat;
  const auto at = read_time(*value, "timestamp_us", 1e-6);
  if (!at) return Trouble(at.error());
  chat.at = *at;
  auto session = read_session(*value);
  if (!session) return Trouble(session.error());
  chat.session = std::move(*session);
  if (auto prompt = read_prompt(*value, chat); !prompt) return Trouble(prompt.error());
  const auto output = read_output(*value);
  if (!output) return Trouble(output.error());
  chat.output_tokens = *output;
  return chat;
}

}  // namespace wp::lab
