// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace wp::ctl {

// "512 B", "1.5 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

// The two largest units: "3d 4h", "5m 2s", "0s".
[[nodiscard]] std::string span_text(std::uint64_t seconds);

// "1 stream", "2 streams".
[[nodiscard]] std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace wp::ctl
