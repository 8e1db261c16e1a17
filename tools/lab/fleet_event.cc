#include "tools/lab/fleet_event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "dataplane/base/assert.h"

namespace wp::lab {
namespace {

constexpr auto kWords = std::to_array<std::pair<std::string_view, FleetChange>>({
    {"join", FleetChange::join},
    {"drain", FleetChange::drain},
    {"undrain", FleetChange::undrain},
    {"die", FleetChange::die},
    {"return", FleetChange::come_back},
    {"restart", FleetChange::restart},
    {"handover", FleetChange::handover},
});

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string_view cut(std::string_view& rest) {
  const std::string_view head = rest.substr(0, rest.find(':'));
  rest.remove_prefix(std::min(rest.size(), head.size() + 1));
  return head;
}

}  // namespace

std::expected<FleetEvent, std::string> parse_fleet_event(std::string_view text) {
  const auto trouble = [&](const char* words) { return std::unexpected("'" + std::string(text) + "': " + words); };
  std::string_view rest = text;
  FleetEvent event;
  double seconds = 0;
  if (!read(cut(rest), seconds) || !(seconds >= 0) || seconds > 1e9) {
    return trouble("SECONDS:CHANGE[:NUMBER] is wanted, such as 600:drain:3");
  }
  event.at = nanos(std::llround(seconds * 1e9));
  const std::string_view word = cut(rest);
  bool known = false;
  for (const auto& [name, change] : kWords) {
    if (name != word) continue;
    event.change = change;
    known = true;
  }
  if (!known) return trouble("the change is join, drain, undrain, die, return, restart or handover");
  if (event.change == FleetChange::join) {
    if (!rest.empty()) return trouble("who joins gets the next number: write no other");
  } else if (!read(rest, event.who)) {
    return trouble("behind the change stands a number, from 0 on: of the replica, or of the gateway that restarts");
  }
  return event;
}

std::string event_problem(std::span<const FleetEvent> events, std::uint32_t replicas, std::uint32_t gateways) {
  enum class State : std::uint8_t { up, draining, dead };
  std::vector<State> states(replicas, State::up);
  Duration last;
  for (const FleetEvent& event : events) {
    WP_ASSERT(event.at >= last);
    last = event.at;
    const std::string who = std::to_string(event.who);
    if (event.change == FleetChange::join) {
      states.push_back(State::up);
      continue;
    }
    if (event.change == FleetChange::restart || event.change == FleetChange::handover) {
      if (event.who >= gateways) return "there is no gateway " + who + " that could restart; the first is 0";
      continue;
    }
    if (event.who >= states.size()) return "there is no replica " + who + " at that time; the first is 0";
    State& state = states[event.who];
    const auto expect = [&](bool right, const char* words) { return right ? "" : "replica " + who + words; };
    std::string wrong;
    switch (event.change) {
      case FleetChange::drain: wrong = expect(state == State::up, " cannot drain: it drains already or is dead"); break;
      case FleetChange::undrain: wrong = expect(state == State::draining, " does not drain at that time"); break;
      case FleetChange::die: wrong = expect(state != State::dead, " is dead already"); break;
      default: wrong = expect(state == State::dead, " is not dead: it cannot return"); break;
    }
    if (!wrong.empty()) return wrong;
    state = event.change == FleetChange::drain ? State::draining
            : event.change == FleetChange::die ? State::dead
                                               : State::up;
  }
  return {};
}

}  // namespace wp::lab
