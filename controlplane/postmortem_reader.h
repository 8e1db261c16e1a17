// Reads what a dying warmpathd left. The bytes may be anything: a file that was cut, or one that somebody made up.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/postmortem_format.h"

namespace wp::control::postmortem {

struct ShardEvent {
  std::uint32_t shard = 0;
  FlightEvent event;
};

struct Report {
  Header header;
  std::vector<std::string> kinds;
  std::vector<std::string> reasons;
  std::vector<ShardEvent> events;  // of all shards, oldest first
  bool cut = false;                // the file ends before its last ring does

  // The words that the writer had for its numbers; "#7" when it had none.
  [[nodiscard]] std::string kind_of(const FlightEvent& event) const;
  [[nodiscard]] std::string reason_of(const FlightEvent& event) const;
};

// The error is one clear line.
[[nodiscard]] std::expected<Report, std::string> read(std::string_view bytes);

// Text of a fixed field: up to its zero, printable ASCII whatever was there.
[[nodiscard]] std::string text_of(const char* field, std::size_t size);
template <std::size_t N>
[[nodiscard]] std::string text_of(const std::array<char, N>& field) {
  return text_of(field.data(), N);
}

// Names of Header::registers, as many as the machine has.
[[nodiscard]] std::vector<std::string_view> register_names(Machine machine);

}  // namespace wp::control::postmortem
