// Typed access to the fields of a body. Null and absent are the same, as engines have it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/api.h"

namespace wp::replica {

// Reads fields one after the other and remembers the first that has the wrong type.
class Fields {
 public:
  explicit Fields(const nlohmann::json& body) : body_(body) {}

  [[nodiscard]] std::string text(const char* key);
  [[nodiscard]] bool flag(const char* key, bool otherwise = false);
  // An integer of at least `least`.
  [[nodiscard]] std::optional<std::uint32_t> count(const char* key, std::uint32_t least);
  // The value, or null's.
  [[nodiscard]] const nlohmann::json& value(const char* key) const;

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] ApiError error() const { return *error_; }
  void refuse(const char* key, std::string message);

 private:
  const nlohmann::json& body_;
  std::optional<ApiError> error_;
};

// One body out of its bytes, refused with a message when it is not one JSON object or nested deeper than 128.
[[nodiscard]] std::expected<nlohmann::json, ApiError> parse_body(std::string_view text);

}  // namespace wp::replica
