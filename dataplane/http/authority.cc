#include "dataplane/http/authority.h"

#include <cstdint>

#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

bool is_valid_port(std::string_view port) {
  if (port.empty() || port.size() > 5) return false;
  std::uint32_t value = 0;
  for (const char c : port) {
    if (!syntax::is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value >= 1 && value <= 65'535;
}

bool is_ipv6_byte(char c) {
  const char folded = syntax::lower_case(c);
  return syntax::is_digit(c) || (folded >= 'a' && folded <= 'f') || c == ':' || c == '.';
}

// How long the host is; 0 when there is no valid one at the start.
std::size_t host_length(std::string_view authority) {
  if (!authority.empty() && authority[0] == '[') {
    std::size_t i = 1;
    while (i < authority.size() && is_ipv6_byte(authority[i])) ++i;
    const bool closed = i < authority.size() && authority[i] == ']';
    return closed && i >= 3 ? i + 1 : 0;  // "[::]" is the shortest
  }
  std::size_t i = 0;
  while (i < authority.size() && syntax::has_class(authority[i], syntax::kRegNameByte)) ++i;
  return i;
}

std::string_view without_default_port(std::string_view authority) {
  if (authority.ends_with(":80")) authority.remove_suffix(3);
  return authority;
}

}  // namespace

bool is_valid_authority(std::string_view authority) {
  const std::size_t length = host_length(authority);
  if (length == 0) return false;
  if (length == authority.size()) return true;
  return authority[length] == ':' && is_valid_port(authority.substr(length + 1));
}

bool same_authority(std::string_view a, std::string_view b) {
  a = without_default_port(a);
  b = without_default_port(b);
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (syntax::lower_case(a[i]) != syntax::lower_case(b[i])) return false;
  }
  return true;
}

}  // namespace wp::http
