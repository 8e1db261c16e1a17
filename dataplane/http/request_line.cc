#include "dataplane/http/request_line.h"

#include <string_view>

#include "dataplane/http/syntax.h"
#include "dataplane/http/target.h"

namespace wp::http {
namespace {

constexpr std::string_view kShape = "HTTP/d.d";
constexpr std::uint32_t kMajorAt = 5;
constexpr std::uint32_t kMinorAt = 7;

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

// What refuses the byte at `offset`; a CR there stands alone, whatever else was wrong.
Ambiguity refuse_byte(std::span<const char> text, std::uint32_t offset, Ambiguity flaw, std::uint32_t& at) {
  at = offset;
  return text[offset] == '\r' ? Ambiguity::bare_cr : flaw;
}

// The line's third part, text[start, end).
Ambiguity judge_version(std::span<const char> text, std::uint32_t start, std::uint32_t end, Extent extent,
                        std::uint32_t& at) {
  for (std::uint32_t i = 0; i < kShape.size(); ++i) {
    at = start + i;
    if (at == end) {
      if (extent == Extent::beginning) return Ambiguity::none;
      return i == 0 ? Ambiguity::missing_version : Ambiguity::version_shape;
    }
    const bool fits = kShape[i] == 'd' ? syntax::is_digit(text[at]) : text[at] == kShape[i];
    if (!fits) return refuse_byte(text, at, Ambiguity::version_shape, at);
  }
  at = start;
  const bool ours = text[start + kMajorAt] == '1' && (text[start + kMinorAt] == '0' || text[start + kMinorAt] == '1');
  if (!ours) return Ambiguity::foreign_version;
  const std::uint32_t behind = start + static_cast<std::uint32_t>(kShape.size());
  return behind == end ? Ambiguity::none : refuse_byte(text, behind, Ambiguity::version_shape, at);
}

}  // namespace

Ambiguity read_request_line(std::span<char> text, std::uint32_t end, Extent extent, std::uint32_t max_target,
                            RequestHead& head, std::uint32_t& at) {
  std::uint32_t method_end = 0;
  while (method_end < end && syntax::is_token_byte(text[method_end])) ++method_end;
  at = method_end;
  if (method_end == end) return extent == Extent::beginning ? Ambiguity::none : Ambiguity::request_line_shape;
  if (method_end == 0 || text[method_end] != ' ') {
    return refuse_byte(text, method_end, Ambiguity::request_line_shape, at);
  }
  head.method_length = method_end;
  head.method = method_of({text.data(), method_end});

  const std::uint32_t target = method_end + 1;
  std::uint32_t target_end = target;
  while (target_end < end && syntax::has_class(text[target_end], syntax::kTargetByte)) ++target_end;
  at = target_end;
  if (target_end == end) {
    if (extent == Extent::beginning) return Ambiguity::none;
    return target_end == target ? Ambiguity::request_line_shape : Ambiguity::missing_version;
  }
  if (text[target_end] != ' ') return refuse_byte(text, target_end, Ambiguity::target_byte, at);
  if (target_end == target) return Ambiguity::request_line_shape;

  const Ambiguity version = judge_version(text, target_end + 1, end, extent, at);
  if (version != Ambiguity::none || extent == Extent::beginning) return version;
  head.minor_version = static_cast<std::uint8_t>(text[target_end + 1 + kMinorAt] - '0');
  at = 0;
  if (head.method == Method::other) return Ambiguity::unknown_method;
  at = target + max_target;
  if (target_end - target > max_target) return Ambiguity::long_target;
  return read_target(text, target, target_end, head, at);
}

}  // namespace wp::http
