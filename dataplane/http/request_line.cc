#include "dataplane/http/request_line.h"

#include <cstring>
#include <string_view>

#include "dataplane/http/authority.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

constexpr std::string_view kVersionPrefix = "HTTP/1.";
constexpr std::string_view kScheme = "http://";

// Case-sensitive (RFC 9110 section 9.1). CONNECT and TRACE are `other`: an edge serves neither.
Method method_of(std::string_view token) {
  const auto is = [token](std::string_view known, Method method) { return token == known ? method : Method::other; };
  switch (token.size()) {
    case 3: return token[0] == 'G' ? is("GET", Method::get) : is("PUT", Method::put);
    case 4: return token[0] == 'P' ? is("POST", Method::post) : is("HEAD", Method::head);
    case 5: return is("PATCH", Method::patch);
    case 6: return is("DELETE", Method::del);
    case 7: return is("OPTIONS", Method::options);
    default: return Method::other;
  }
}

// "HTTP/d.d" of another version gets its own answer; everything else is no request line at all.
Reason judge_version(std::string_view version) {
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") && syntax::is_digit(version[5]) &&
                           version[6] == '.' && syntax::is_digit(version[7]);
  if (!well_formed) return Reason::bad_request_line;
  const bool ours = version.starts_with(kVersionPrefix) && (version[7] == '0' || version[7] == '1');
  return ours ? Reason::none : Reason::bad_version;
}

struct Range {
  std::uint32_t start;
  std::uint32_t end;
};

// absolute-form (RFC 9112 section 3.2.2). An empty path becomes "/", or "*" for OPTIONS without a query (section
// 3.2.4). There is room for it: the scheme's second slash stands before the authority and is needed no more, so the
// authority moves over it and leaves a byte at its end.
Reason read_absolute_form(std::span<char> text, Range target, RequestHead& head, std::uint32_t& at) {
  const std::string_view whole(text.data() + target.start, target.end - target.start);
  at = target.start;
  if (!syntax::equals_folded(whole.substr(0, kScheme.size()), kScheme)) return Reason::bad_target;
  const std::uint32_t authority = target.start + static_cast<std::uint32_t>(kScheme.size());
  const std::size_t found = whole.find_first_of("/?", kScheme.size());
  const std::uint32_t path =
      found == std::string_view::npos ? target.end : target.start + static_cast<std::uint32_t>(found);
  at = authority;
  if (!is_valid_authority({text.data() + authority, path - authority})) return Reason::bad_target;

  head.host_length = path - authority;
  if (path < target.end && text[path] == '/') {
    head.host_offset = authority;
    head.target_offset = path;
  } else {
    std::memmove(text.data() + authority - 1, text.data() + authority, head.host_length);
    text[path - 1] = head.method == Method::options && path == target.end ? '*' : '/';
    head.host_offset = authority - 1;
    head.target_offset = path - 1;
  }
  head.target_length = target.end - head.target_offset;
  return Reason::none;
}

Reason read_target(std::span<char> text, Range target, RequestHead& head, std::uint32_t& at) {
  for (at = target.start; at < target.end; ++at) {
    if (!syntax::has_class(text[at], syntax::kTargetByte)) {
      return text[at] == '\r' ? Reason::bad_line_end : Reason::bad_target;
    }
  }
  head.target_offset = target.start;
  head.target_length = target.end - target.start;
  if (text[target.start] == '/') return Reason::none;
  if (text[target.start] == '*' && head.target_length == 1 && head.method == Method::options) return Reason::none;
  return read_absolute_form(text, target, head, at);
}

// A line that is no request line at all; a CR inside may be why.
Reason refuse_line(std::string_view line, std::uint32_t offset, std::uint32_t& at) {
  const std::size_t cr = line.find('\r');
  at = cr == std::string_view::npos ? offset : static_cast<std::uint32_t>(cr);
  return cr == std::string_view::npos ? Reason::bad_request_line : Reason::bad_line_end;
}

}  // namespace

Reason read_request_line(std::span<char> text, std::uint32_t end, std::uint32_t max_target, RequestHead& head,
                         std::uint32_t& at) {
  const std::string_view line(text.data(), end);
  std::uint32_t method_end = 0;
  while (method_end < end && syntax::is_token_byte(text[method_end])) ++method_end;
  if (method_end == 0 || method_end == end || text[method_end] != ' ') return refuse_line(line, method_end, at);

  const Range target{method_end + 1, static_cast<std::uint32_t>(line.find(' ', method_end + 1))};
  if (target.end > end || target.start == target.end) return refuse_line(line, target.start, at);

  const std::string_view version = line.substr(target.end + 1);
  const Reason reason = judge_version(version);
  if (reason == Reason::bad_request_line) return refuse_line(line, target.end + 1, at);
  at = target.end + 1;
  if (reason != Reason::none) return reason;
  head.minor_version = static_cast<std::uint8_t>(version[7] - '0');

  head.method_length = method_end;
  head.method = method_of({text.data(), method_end});
  at = 0;
  if (head.method == Method::other) return Reason::method_unknown;
  at = target.start + max_target;
  if (target.end - target.start > max_target) return Reason::target_too_long;
  return read_target(text, target, head, at);
}

}  // namespace wp::http
