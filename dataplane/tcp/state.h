// The states of RFC 9293, section 3.3.2. LISTEN is the Stack's, which makes a connection when a SYN comes.
#pragma once

#include <cstdint>
#include <string_view>

namespace wp::tcp {

enum class State : std::uint8_t {
  closed,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

[[nodiscard]] constexpr std::string_view word(State state) {
  constexpr std::string_view kWords[] = {"closed",     "syn_sent",   "syn_received", "established", "fin_wait_1",
                                         "fin_wait_2", "close_wait", "closing",      "last_ack",    "time_wait"};
  return kWords[static_cast<std::uint8_t>(state)];
}

// Both sides know each other's sequence numbers.
[[nodiscard]] constexpr bool is_synchronized(State state) {
  return state != State::closed && state != State::syn_sent && state != State::syn_received;
}

// The peer may still send data.
[[nodiscard]] constexpr bool can_receive(State state) {
  return state == State::established || state == State::fin_wait_1 || state == State::fin_wait_2;
}

// The peer's FIN has been taken.
[[nodiscard]] constexpr bool has_peer_fin(State state) {
  return state == State::close_wait || state == State::closing || state == State::last_ack || state == State::time_wait;
}

}  // namespace wp::tcp
