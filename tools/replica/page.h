// What a path answers to GET.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wp::replica {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

struct Page {
  std::string_view content_type;
  std::string body;
  std::uint16_t status = 200;
};

}  // namespace wp::replica
