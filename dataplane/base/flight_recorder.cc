#include "dataplane/base/flight_recorder.h"

namespace wp {
namespace {

constexpr std::array<std::string_view, kFlightKinds> kWords = {{
#define WP_WORD(name, ...) #name,
    WP_FLIGHT_KINDS(WP_WORD)
#undef WP_WORD
}};

constexpr std::array<std::string_view, kFlightKinds> kNumbers = {{
#define WP_NUMBER(name, number, ...) number,
    WP_FLIGHT_KINDS(WP_NUMBER)
#undef WP_NUMBER
}};

}  // namespace

std::string_view word(FlightKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < kWords.size() ? kWords[index] : "?";
}

std::string_view number_meaning(FlightKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < kNumbers.size() ? kNumbers[index] : "";
}

}  // namespace wp
