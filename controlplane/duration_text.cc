#include "controlplane/duration_text.h"

#include <charconv>
#include <cstdint>

namespace wp::control {

std::expected<Duration, std::string> parse_duration(std::string_view text) {
  const auto bad = [] {
    return std::unexpected(std::string("a duration is a whole number with ms, s or m, up to a day"));
  };
  std::uint32_t count = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (ec != std::errc{} || end == text.data()) return bad();
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  Duration result;
  if (unit.empty() || unit == "s") {
    result = seconds(count);
  } else if (unit == "ms") {
    result = millis(count);
  } else if (unit == "m") {
    result = seconds(60) * count;
  } else {
    return bad();
  }
  if (result > seconds(86'400)) return bad();
  return result;
}

std::string to_string(Duration duration) {
  const std::int64_t ms = duration.millis();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace wp::control
