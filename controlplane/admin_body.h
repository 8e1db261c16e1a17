// Reading what a client of the admin endpoints sent: JSON objects with known keys, escaped names in paths. What is
// wrong is said as the message of a 400.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace wp::control {

// The body as an object that has no other keys than these.
[[nodiscard]] std::expected<nlohmann::json, std::string> read_object(std::string_view body,
                                                                     std::span<const std::string_view> keys);

// Whether the value is an object that has no other keys than these; what is wrong, if not.
[[nodiscard]] std::expected<void, std::string> check_object(const nlohmann::json& json,
                                                            std::span<const std::string_view> keys);

// A whole number of the object, left alone when it is absent; false when it is there and is not one in the range.
[[nodiscard]] bool read_integer(const nlohmann::json& json, const char* key, std::uint32_t low, std::uint32_t high,
                                std::uint32_t& value);

// A string of the object, left alone when it is absent; false when it is there and is none.
[[nodiscard]] bool read_string(const nlohmann::json& json, const char* key, std::string& value);

// RFC 3986 section 2.1; nothing when an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace wp::control
