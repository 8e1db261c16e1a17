// Configuration files: whatever the text is, it is read or refused with lines of its own; what is accepted is written
// so that it reads back as the same settings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "controlplane/config/read.h"
#include "controlplane/config/write.h"
#include "dataplane/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = wp::control::read_settings(text);
  if (!settings) {
    WP_ASSERT(!settings.error().empty());
    const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n')) + 1;
    for (const wp::control::ConfigError& error : settings.error()) {
      WP_ASSERT(error.line <= lines && !error.message.empty());
    }
    return 0;
  }
  const auto again = wp::control::read_settings(wp::control::write_settings(*settings));
  WP_ASSERT(again.has_value());
  WP_ASSERT(wp::control::diff_settings(*settings, *again).empty());
  return 0;
}
