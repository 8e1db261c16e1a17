#include "controlplane/option_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "controlplane/duration_text.h"
#include "controlplane/nearest.h"

namespace wp::control {
namespace {

// True when all of `text` is one number in `base`.
template <class T>
bool whole(std::string_view text, T& value, int base = 10) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && ec == std::errc{} && end == text.data() + text.size();
}

std::string one_of(std::string_view text, std::span<const std::string_view> known) {
  std::string message = "there are ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) message += i + 1 == known.size() ? " and " : ", ";
    message += known[i];
  }
  const std::string_view meant = nearest(text, known);
  if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
  return message;
}

// RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

}  // namespace

bool asks_for_tls(std::string_view name) {
  return name.starts_with("tls") || name.starts_with("ssl");
}

Problem read_number(const std::string& text, std::uint32_t low, std::uint32_t high, std::uint32_t& value) {
  if (whole(text, value) && value >= low && value <= high) return {};
  return "a whole number from " + std::to_string(low) + " to " + std::to_string(high) + " is wanted";
}

Problem read_bytes(const std::string& text, std::uint32_t low, std::uint32_t high, std::uint32_t& value) {
  std::string_view digits = text;
  std::uint64_t unit = 1;
  if (!digits.empty()) {
    const char last = digits.back();
    if (last == 'k' || last == 'K') unit = 1024;
    if (last == 'm' || last == 'M') unit = 1024 * 1024;
    if (unit > 1) digits.remove_suffix(1);
  }
  std::uint32_t count = 0;
  if (whole(digits, count) && count * unit >= low && count * unit <= high) {
    value = static_cast<std::uint32_t>(count * unit);
    return {};
  }
  return "a number of bytes from " + std::to_string(low) + " to " + std::to_string(high) +
         " is wanted, k and m may follow";
}

Problem read_factor(const std::string& text, double& value) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!text.empty() && ec == std::errc{} && end == text.data() + text.size() && value > 1.0 && value <= 100.0)
    return {};
  return "a number above 1, up to 100, is wanted";
}

Problem read_hex_key(const std::string& text, std::uint64_t& value) {
  if (text.size() <= 16 && whole(text, value, 16)) return {};
  return "up to 16 hexadecimal digits are wanted";
}

Problem read_duration(const std::string& text, Duration& value) {
  const auto parsed = parse_duration(text);
  if (!parsed) return parsed.error();
  value = *parsed;
  return {};
}

Problem read_timeout(const std::string& text, Duration& value) {
  Duration read;
  if (Problem problem = read_duration(text, read)) return problem;
  if (read <= Duration{}) return "it must be above zero";
  value = read;
  return {};
}

Problem read_usage(const std::string& text, bool& ask) {
  constexpr std::array<std::string_view, 2> kKnown = {"ask", "as-is"};
  if (text != kKnown[0] && text != kKnown[1]) return one_of(text, kKnown);
  ask = text == kKnown[0];
  return {};
}

Problem read_strategy(const std::string& text, balance::Strategy& value) {
  if (balance::parse_strategy(text, value)) return {};
  const std::array<std::string_view, 6> known = {
      word(balance::Strategy::warm),    word(balance::Strategy::kv),           word(balance::Strategy::prefix),
      word(balance::Strategy::session), word(balance::Strategy::least_loaded), word(balance::Strategy::round_robin)};
  return one_of(text, known);
}

Problem read_transport(const std::string& text, TransportChoice& value) {
  constexpr std::array<std::string_view, 3> kKnown = {"auto", "io_uring", "epoll"};  // in the order of the enum
  const auto found = std::ranges::find(kKnown, text);
  if (found == kKnown.end()) return one_of(text, kKnown);
  value = static_cast<TransportChoice>(found - kKnown.begin());
  return {};
}

Problem read_access_format(const std::string& text, AccessFormat& value) {
  const std::array<std::string_view, 2> known = {word(AccessFormat::json), word(AccessFormat::text)};
  for (const AccessFormat format : {AccessFormat::json, AccessFormat::text}) {
    if (text != word(format)) continue;
    value = format;
    return {};
  }
  return one_of(text, known);
}

Problem read_header_name(const std::string& text, std::string& value) {
  value = text;
  std::ranges::transform(value, value.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (!value.empty() && value.size() <= 128 && std::ranges::all_of(value, is_token_char)) return {};
  return "not the name of a header";
}

Problem read_session_field(const std::string& text, std::string& value) {
  if (std::ranges::find(prompt::kSessionFieldNames, text) == prompt::kSessionFieldNames.end()) {
    std::string known;
    for (const std::string_view name : prompt::kSessionFieldNames)
      known += (known.empty() ? "" : ", ") + std::string(name);
    return "no member of a body that names a session; there are " + known;
  }
  value = text;
  return {};
}

Problem read_endpoint(const std::string& text, Endpoint& value) {
  const auto parsed = parse_endpoint(text);
  if (!parsed) return "an address and port are wanted, such as 0.0.0.0:8080 or [::]:8080";
  value = *parsed;
  return {};
}

Problem read_optional_endpoint(const std::string& text, std::optional<Endpoint>& value) {
  if (text.empty()) {
    value.reset();
    return {};
  }
  Endpoint endpoint;
  if (Problem problem = read_endpoint(text, endpoint)) return problem;
  value = endpoint;
  return {};
}

Problem read_state_path(const std::string& text, std::string& value) {
  if (text.empty()) return "a path, auto or none is wanted";
  return read_line(text, value);
}

Problem read_line(const std::string& text, std::string& value) {
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
    return "one line of text is wanted";
  }
  value = text;
  return {};
}

Problem read_socket_path(const std::string& text, std::string& value) {
  constexpr std::size_t kMaxPath = 107;  // sockaddr_un
  if (text.size() > kMaxPath || text.contains('\0')) return "a path of 1 to 107 bytes is wanted";
  value = text;
  return {};
}

Problem read_path(const std::string& text, std::string& value) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (!text.empty() && text.front() == '/' && text.size() <= 1024 && plain) {
    value = text;
    return {};
  }
  return "a path begins with '/' and has no query";
}

Problem read_probe_prefix(const std::string& text, std::string& value) {
  if (text.empty()) {
    value.clear();
    return {};
  }
  if (text.ends_with('/')) return "it ends without '/'";
  return read_path(text, value);
}

Problem read_postmortem_dir(const std::string& text, std::string& value) {
  if (text.empty()) return "a directory, auto or off is wanted";
  value = text == "auto" ? "" : text;
  return {};
}

Problem read_access_log(const std::string& text, std::string& value) {
  if (text.empty()) return "a path, - or off is wanted";
  value = text == "off" ? "" : text;
  return {};
}

Problem read_account(const std::string& text, std::string& value) {
  if (!std::ranges::all_of(text, is_token_char)) return "a name or number is wanted";
  value = text;
  return {};
}

}  // namespace wp::control
