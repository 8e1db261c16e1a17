#include "controlplane/termination.h"

#include <array>

namespace wp::control {
namespace {

constexpr std::array<TerminationLetter, 7> kEnders = {{
    {'-', "nobody: the last byte of the reply was handed on"},
    {'C', "the client: it closed or reset its connection"},
    {'c', "the client, by being too slow: one of our timeouts for it was over"},
    {'R', "the replica: it refused, closed, reset or broke the protocol"},
    {'r', "the replica, by being too slow"},
    {'P', "warmpath: it refused the request, or had no resource for it"},
    {'K', "warmpath, because it was stopping"},
}};

constexpr std::array<TerminationLetter, 7> kPhases = {{
    {'H', "the request's head was being read"},
    {'B', "the request's body was being read and understood"},
    {'Q', "a replica was being chosen"},
    {'S', "a connection to the replica was being set up"},
    {'W', "the request was sent, the head of the reply was awaited"},
    {'D', "the reply was being handed on: the client has a part of it"},
    {'-', "after its end"},
}};

bool is_timeout(Reason reason) {
  return word(reason).ends_with("_timeout") || word(reason).ends_with("_too_slow");
}

}  // namespace

std::span<const TerminationLetter> enders() {
  return kEnders;
}

std::span<const TerminationLetter> phases() {
  return kPhases;
}

char ender_of(Reason reason) {
  const ReasonInfo& about = info(reason);
  if (reason == Reason::none || reason == Reason::finished) return '-';
  if (reason == Reason::shutting_down) return 'K';
  switch (about.fault) {
    case Fault::replica: return is_timeout(reason) ? 'r' : 'R';
    case Fault::client:
      if (is_timeout(reason)) return 'c';
      return about.kind == ReasonKind::close ? 'C' : 'P';
    case Fault::nobody: return about.kind == ReasonKind::close ? 'C' : 'P';
    case Fault::us: return 'P';
  }
  return 'P';
}

char letter_of(RequestPhase phase) {
  switch (phase) {
    case RequestPhase::head: return 'H';
    case RequestPhase::body: return 'B';
    case RequestPhase::pick: return 'Q';
    case RequestPhase::connect: return 'S';
    case RequestPhase::wait: return 'W';
    case RequestPhase::reply: return 'D';
    case RequestPhase::done: return '-';
  }
  return '-';
}

}  // namespace wp::control
