#include "controlplane/replica_spec.h"

#include <algorithm>
#include <charconv>

#include "dataplane/balance/ring.h"

namespace wp::control {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint32_t kMostPort = 65535;
constexpr std::size_t kMaxHost = 253;  // RFC 1035 section 2.3.4, as text

using Failure = std::optional<std::string>;

bool parse_number(std::string_view digits, std::uint32_t& value) {
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return !digits.empty() && ec == std::errc{} && end == digits.data() + digits.size();
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// Letters, digits, '-', '.' and '_', which the DNS names of containers use though RFC 1123 does not allow it.
bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHost && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

Failure apply_setting(std::string_view setting, ReplicaSpec& spec) {
  const std::size_t equals = setting.find('=');
  const std::string_view key = setting.substr(0, equals);
  const std::string_view text = equals == std::string_view::npos ? "" : setting.substr(equals + 1);
  std::uint32_t value = 0;
  if (key == "weight") {
    if (!parse_number(text, value) || value < 1 || value > balance::kMaxWeight)
      return "the weight is a number from 1 to 1000";
    spec.weight = value;
    return {};
  }
  if (key == "priority") {
    if (!parse_number(text, value) || value > kMaxPriority) return "the priority is a number from 0 (first) to 255";
    spec.priority = static_cast<std::uint8_t>(value);
    return {};
  }
  if (key == "kv_events" || key == "kv_replay") {
    if (!parse_number(text, value) || value < 1 || value > kMostPort) return "a port is a number from 1 to 65535";
    (key == "kv_events" ? spec.kv_events : spec.kv_replay) = static_cast<std::uint16_t>(value);
    return {};
  }
  return "unknown setting '" + std::string(key) +
         "'; there are weight=N, priority=N, kv_events=PORT and kv_replay=PORT";
}

// Removes the scheme and says whether there was one; a URL may leave its port out.
Failure strip_scheme(std::string_view& url, bool& had_scheme) {
  const std::size_t at = url.find("://");
  had_scheme = at != std::string_view::npos;
  if (!had_scheme) return {};
  const std::string scheme = lower(url.substr(0, at));
  if (scheme == "https") {
    return "TLS towards replicas is not supported yet; run a TLS terminator next to the replica and give its http:// "
           "address";
  }
  if (scheme != "http") return "the scheme is not http";
  url.remove_prefix(at + 3);
  return {};
}

Failure check_rest(std::string_view& url) {
  const std::size_t end = url.find_first_of("/?#");
  const std::string_view rest = end == std::string_view::npos ? "" : url.substr(end);
  if (!rest.empty() && rest != "/") {
    return "a replica is a host and a port: remove '" + std::string(rest) +
           "', clients' paths are passed on as they are";
  }
  url = url.substr(0, end);
  if (url.find('@') != std::string_view::npos) return "a user name or password in the URL is not supported";
  return {};
}

Failure split_authority(std::string_view authority, bool had_scheme, ReplicaSpec& spec) {
  const bool bracketed = !authority.empty() && authority.front() == '[';
  const std::size_t close = bracketed ? authority.find(']') : 0;
  if (close == std::string_view::npos) return "'[' without ']'";
  const std::size_t colon = authority.find(':', close);
  if (!bracketed && authority.find(':') != authority.rfind(':'))
    return "write an IPv6 address in brackets: [ADDRESS]:PORT";
  const std::string host = lower(authority.substr(0, colon));
  std::uint32_t port = kHttpPort;
  if (colon == std::string_view::npos) {
    if (!had_scheme) return "no port; write HOST:PORT";
  } else if (!parse_number(authority.substr(colon + 1), port) || port < 1 || port > kMostPort) {
    return "the port is a number from 1 to 65535";
  }
  spec.port = static_cast<std::uint16_t>(port);
  if (host.empty()) return "no host";
  if (host == "*") return "a replica needs an address, not '*'";
  const std::string with_port = host + ":" + std::to_string(port);
  if (const auto literal = parse_endpoint(with_port)) {
    spec.literal = *literal;
    spec.host = address_string(*literal);
    spec.name = to_string(*literal);
  } else if (bracketed) {
    return "not an IPv6 address";
  } else if (!is_host_name(host)) {
    return "not a host name or address";
  } else {
    spec.host = host;
    spec.name = with_port;
  }
  spec.authority = port == kHttpPort ? spec.name.substr(0, spec.name.rfind(':')) : spec.name;
  return {};
}

Failure parse_into(std::string_view text, ReplicaSpec& spec) {
  const std::size_t comma = text.find(',');
  std::string_view url = text.substr(0, comma);
  bool had_scheme = false;
  if (Failure f = strip_scheme(url, had_scheme)) return f;
  if (Failure f = check_rest(url)) return f;
  if (Failure f = split_authority(url, had_scheme, spec)) return f;
  std::string_view settings = comma == std::string_view::npos ? "" : text.substr(comma);
  while (!settings.empty()) {
    settings.remove_prefix(1);
    const std::size_t next = std::min(settings.find(','), settings.size());
    if (Failure f = apply_setting(settings.substr(0, next), spec)) return f;
    settings.remove_prefix(next);
  }
  if ((spec.kv_events == 0) != (spec.kv_replay == 0)) return "kv_events and kv_replay come together";
  return {};
}

}  // namespace

std::expected<ReplicaSpec, std::string> parse_replica_spec(std::string_view text) {
  ReplicaSpec spec;
  if (const Failure failure = parse_into(text, spec)) {
    return std::unexpected("'" + std::string(text) + "': " + *failure);
  }
  return spec;
}

}  // namespace wp::control
