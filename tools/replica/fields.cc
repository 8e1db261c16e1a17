#include "tools/replica/fields.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace wp::replica {

using nlohmann::json;

namespace {

// Writing JSON recurses, so that depth is bounded before anything is built.
constexpr std::uint32_t kMaxDepth = 128;

bool nested_too_deep(std::string_view text) {
  std::uint32_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      depth -= depth > 0 ? 1 : 0;
    }
  }
  return false;
}

}  // namespace

const json& Fields::value(const char* key) const {
  static const json kNull;
  const auto found = body_.find(key);
  return found == body_.end() ? kNull : *found;
}

void Fields::refuse(const char* key, std::string message) {
  if (!error_) error_ = ApiError{400, std::move(message), key};
}

std::string Fields::text(const char* key) {
  const json& found = value(key);
  if (found.is_null()) return {};
  if (found.is_string()) return found.get<std::string>();
  refuse(key, std::string("'") + key + "' must be a string.");
  return {};
}

bool Fields::flag(const char* key, bool otherwise) {
  const json& found = value(key);
  if (found.is_null()) return otherwise;
  if (found.is_boolean()) return found.get<bool>();
  refuse(key, std::string("'") + key + "' must be true or false.");
  return otherwise;
}

std::optional<std::uint32_t> Fields::count(const char* key, std::uint32_t least) {
  const json& found = value(key);
  if (found.is_null()) return std::nullopt;
  if (found.is_number_integer() && (found.is_number_unsigned() || found.get<std::int64_t>() >= 0)) {
    const auto number = found.get<std::uint64_t>();
    if (number >= least) return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, UINT32_MAX / 2));
  }
  refuse(key, std::string("'") + key + "' must be an integer of at least " + std::to_string(least) + ".");
  return std::nullopt;
}

std::expected<json, ApiError> parse_body(std::string_view text) {
  if (nested_too_deep(text)) return std::unexpected(ApiError{400, "The JSON is nested too deep.", ""});
  json body = json::parse(text, nullptr, false);
  if (body.is_discarded()) return std::unexpected(ApiError{400, "The body is not valid JSON.", ""});
  if (!body.is_object()) return std::unexpected(ApiError{400, "The body must be a JSON object.", ""});
  return body;
}

}  // namespace wp::replica
