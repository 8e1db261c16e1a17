#include "dataplane/base/endpoint.h"

#include <charconv>

#include <arpa/inet.h>

namespace wp {

std::string address_string(const Endpoint& endpoint) {
  if (endpoint.family == Endpoint::Family::none) return "-";
  char text[INET6_ADDRSTRLEN];
  const int family = endpoint.family == Endpoint::Family::v4 ? AF_INET : AF_INET6;
  if (inet_ntop(family, endpoint.address.data(), text, sizeof text) == nullptr) return "?";
  return text;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string port = ":" + std::to_string(endpoint.port);
  if (endpoint.family == Endpoint::Family::v6) return "[" + address_string(endpoint) + "]" + port;
  return address_string(endpoint) + port;
}

std::expected<Endpoint, std::string> parse_endpoint(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return std::unexpected("'" + std::string(text) + "': " + std::string(why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("no port; write ADDRESS:PORT");
  const std::string_view digits = text.substr(colon + 1);
  Endpoint endpoint;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (digits.empty() || ec != std::errc{} || end != digits.data() + digits.size()) {
    return bad("the port is not a number from 0 to 65535");
  }
  std::string host(text.substr(0, colon));
  // inet_pton stops at a NUL and would accept what stands before it.
  if (host.find('\0') != std::string::npos) return bad("a NUL byte in the address");
  if (host.empty() || host == "*") host = "0.0.0.0";
  if (host.front() == '[') {
    if (host.back() != ']') return bad("'[' without ']'");
    host = host.substr(1, host.size() - 2);
    endpoint.family = Endpoint::Family::v6;
    if (inet_pton(AF_INET6, host.c_str(), endpoint.address.data()) != 1) return bad("not an IPv6 address");
    return endpoint;
  }
  if (host.find(':') != std::string::npos) return bad("write an IPv6 address in brackets: [ADDRESS]:PORT");
  endpoint.family = Endpoint::Family::v4;
  if (inet_pton(AF_INET, host.c_str(), endpoint.address.data()) != 1) return bad("not an IPv4 address");
  return endpoint;
}

}  // namespace wp
