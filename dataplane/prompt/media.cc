#include "dataplane/prompt/media.h"

#include <algorithm>

namespace wp::prompt {
namespace {

constexpr std::size_t kLongestType = 128;  // "data:" to "base64,"

bool is_base64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

// By how such files begin.
bool is_picture(std::string_view base64) {
  const bool webp = base64.starts_with("UklGR") && base64.substr(12, 4) == "RUJQ";
  return webp || base64.starts_with("/9j/") || base64.starts_with("iVBORw0KGgo") || base64.starts_with("R0lGOD");
}

bool is_sound(std::string_view base64) {
  const bool wave = base64.starts_with("UklGR") && base64.substr(12, 4) == "QVZF";
  const bool mpeg = base64.starts_with("SUQz") || base64.starts_with("//");
  return wave || mpeg || base64.starts_with("T2dnUw") || base64.starts_with("ZkxhQ");
}

std::uint64_t tokens_of(std::string_view base64) {
  const std::uint64_t bytes = base64.size() / 4 * 3;
  if (is_sound(base64)) return std::max<std::uint64_t>(bytes / 1024, 16);
  const std::uint64_t tokens = std::max<std::uint64_t>(bytes / 188, 64);
  return is_picture(base64) ? std::min<std::uint64_t>(tokens, 1600) : tokens;
}

}  // namespace

std::uint32_t media_words(std::string_view text) {
  if (text.starts_with("data:")) {
    constexpr std::string_view kMark = ";base64,";
    const std::size_t mark = text.substr(0, kLongestType).find(kMark);
    if (mark == std::string_view::npos) return 0;
    text.remove_prefix(mark + kMark.size());
  }
  if (text.size() < kLeastMedia || !is_base64(text.substr(0, kLeastMedia))) return 0;
  return static_cast<std::uint32_t>(tokens_of(text) / 2);
}

}  // namespace wp::prompt
