// An address and port as a value, without the operating system's structures.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace wp {

struct Endpoint {
  enum class Family : std::uint8_t { none, v4, v6 };

  std::array<std::uint8_t, 16> address{};  // network order; v4 uses the first four
  std::uint32_t scope = 0;                 // v6 zone index, for link-local addresses
  std::uint16_t port = 0;                  // host order
  Family family = Family::none;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "192.0.2.1:80" or "[2001:db8::1]:80" (RFC 5952 form). At most 64 characters.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// The address alone, without port and brackets, as X-Forwarded-For wants it.
[[nodiscard]] std::string address_string(const Endpoint& endpoint);

// Reads an address literal and a port ("127.0.0.1:80", "[::1]:80", ":80" for every IPv4 address, "[::]:80"). Names are
// not looked up here. The error is one clear line.
[[nodiscard]] std::expected<Endpoint, std::string> parse_endpoint(std::string_view text);

}  // namespace wp
