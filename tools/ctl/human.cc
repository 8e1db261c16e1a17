#include "tools/ctl/human.h"

#include <array>
#include <utility>

namespace wp::ctl {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = bytes * 10;
  while (tenths >= 10'240 && unit + 1 < kUnits.size()) {
    tenths /= 1024;
    ++unit;
  }
  std::string text = std::to_string(tenths / 10);
  if (unit > 0) text += "." + std::to_string(tenths % 10);
  return text + kUnits[unit];
}

std::string span_text(std::uint64_t seconds) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 4> kUnits = {
      {{86'400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  std::string text;
  int shown = 0;
  for (const auto& [size, unit] : kUnits) {
    const std::uint64_t count = seconds / size;
    seconds %= size;
    if (shown == 0 && count == 0 && size > 1) continue;
    text += (text.empty() ? "" : " ") + std::to_string(count) + unit;
    if (++shown == 2) break;
  }
  return text;
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace wp::ctl
