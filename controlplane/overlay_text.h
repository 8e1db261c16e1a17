// The overlay as JSON, as it stands in the state file and in GET /changes: strict in what it reads, because half of a
// change that is understood is another change.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/overlay.h"

namespace wp::control {

// {"NAME": {"added": {"weight", "priority", "pool", "kv_events", "kv_replay"}, "removed": true, "drained": true,
// "weight": N}}, each key only where it says something.
[[nodiscard]] nlohmann::json changes_json(const Changes& changes);

// The whole file: {"format": "warmpath-state", "version": 1, "replicas": changes_json}.
[[nodiscard]] std::string state_text(const Changes& changes);

// The error says what cannot be understood.
[[nodiscard]] std::expected<Changes, std::string> read_state(std::string_view text);

}  // namespace wp::control
