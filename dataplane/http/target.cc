#include "dataplane/http/target.h"

#include <cstring>
#include <string_view>

#include "dataplane/http/authority.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::string_view kScheme = "http://";

// absolute-form (RFC 9112 section 3.2.2). An empty path becomes "/", or "*" for OPTIONS without a query (section
// 3.2.4). There is room for it: the scheme's second slash stands before the authority and is needed no more, so the
// authority moves over it and leaves a byte at its end.
Ambiguity read_absolute_form(std::span<char> text, std::uint32_t start, std::uint32_t end, RequestHead& head,
                             std::uint32_t& at) {
  const std::string_view whole(text.data() + start, end - start);
  at = start;
  if (!syntax::equals_folded(whole.substr(0, kScheme.size()), kScheme)) return Ambiguity::target_form;
  const std::uint32_t authority = start + static_cast<std::uint32_t>(kScheme.size());
  const std::size_t found = whole.find_first_of("/?", kScheme.size());
  const std::uint32_t path = found == std::string_view::npos ? end : start + static_cast<std::uint32_t>(found);
  at = authority;
  if (!is_valid_authority({text.data() + authority, path - authority})) return Ambiguity::target_authority;

  head.host_length = path - authority;
  if (path < end && text[path] == '/') {
    head.host_offset = authority;
    head.target_offset = path;
  } else {
    std::memmove(text.data() + authority - 1, text.data() + authority, head.host_length);
    text[path - 1] = head.method == Method::options && path == end ? '*' : '/';
    head.host_offset = authority - 1;
    head.target_offset = path - 1;
  }
  head.target_length = end - head.target_offset;
  return Ambiguity::none;
}

// Takes one byte of a path apart from its escape; 0, which no path may hold, for a broken one.
struct PathByte {
  char value;
  std::uint32_t length;
};

PathByte path_byte(std::string_view path, std::size_t at) {
  if (path[at] != '%') return {path[at], 1};
  if (path.size() - at < 3) return {'\0', 1};
  const std::uint32_t high = syntax::hex_digit(path[at + 1]);
  const std::uint32_t low = syntax::hex_digit(path[at + 2]);
  if (high == 16 || low == 16) return {'\0', 1};
  return {static_cast<char>(high * 16 + low), 3};
}

// Dot segments as some server may see them: escaped, behind an escaped slash or a backslash, before parameters. Clients
// resolve them before they send (RFC 3986 section 5.2.4), so nobody honest is refused.
Ambiguity judge_path(std::string_view path, std::uint32_t start, std::uint32_t& at) {
  std::uint32_t dots = 0;
  bool only_dots = true;  // in the segment so far
  for (std::size_t i = 1; i < path.size();) {
    const PathByte byte = path_byte(path, i);
    at = start + static_cast<std::uint32_t>(i);
    if (syntax::is_control(byte.value) || byte.value == '\t') return Ambiguity::path_escape;
    const bool ends_segment = byte.value == '/' || byte.value == '\\';
    if ((ends_segment || byte.value == ';') && only_dots && (dots == 1 || dots == 2)) return Ambiguity::dot_segment;
    if (ends_segment) {
      dots = 0;
      only_dots = true;
    } else if (byte.value == '.') {
      ++dots;
    } else {
      only_dots = false;
    }
    i += byte.length;
  }
  return only_dots && (dots == 1 || dots == 2) ? Ambiguity::dot_segment : Ambiguity::none;
}

}  // namespace

Ambiguity read_target(std::span<char> text, std::uint32_t start, std::uint32_t end, RequestHead& head,
                      std::uint32_t& at) {
  head.target_offset = start;
  head.target_length = end - start;
  if (text[start] == '*' && head.target_length == 1 && head.method == Method::options) return Ambiguity::none;
  if (text[start] != '/') {
    const Ambiguity flaw = read_absolute_form(text, start, end, head, at);
    if (flaw != Ambiguity::none || text[head.target_offset] == '*') return flaw;
  }
  const std::string_view path = head.path();
  at = head.target_offset;
  if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return Ambiguity::path_without_authority;
  // Most paths have none of these, and then there is nothing to resolve.
  if (path.find_first_of("%\\") == std::string_view::npos && path.find("/.") == std::string_view::npos) {
    return Ambiguity::none;
  }
  return judge_path(path, head.target_offset, at);
}

}  // namespace wp::http
