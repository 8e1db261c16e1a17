#include "controlplane/admin_body.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "controlplane/nearest.h"

namespace wp::control {

using Json = nlohmann::json;

std::expected<Json, std::string> read_object(std::string_view body, std::span<const std::string_view> keys) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return std::unexpected("the body is not a JSON object");
  if (auto known = check_object(json, keys); !known) return std::unexpected(std::move(known.error()));
  return json;
}

std::expected<void, std::string> check_object(const Json& json, std::span<const std::string_view> keys) {
  if (!json.is_object()) return std::unexpected("not a JSON object");
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    const std::string_view meant = nearest(key, keys);
    return std::unexpected("unknown key '" + key + "'" +
                           (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?"));
  }
  return {};
}

bool read_integer(const Json& json, const char* key, std::uint32_t low, std::uint32_t high, std::uint32_t& value) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_number_unsigned()) return false;
  const auto number = found->get<std::uint64_t>();
  if (number < low || number > high) return false;
  value = static_cast<std::uint32_t>(number);
  return true;
}

bool read_string(const Json& json, const char* key, std::string& value) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_string()) return false;
  value = found->get<std::string>();
  return true;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || ec != std::errc{} || end != digits.data() + 2) return {};
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

}  // namespace wp::control
