#include "tools/replica/faults.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace wp::replica {
namespace {

struct Word {
  std::string_view name;
  FaultKind kind;
  double most;  // of its value
};

constexpr double kSeconds = 86'400;
constexpr double kTokens = 1e9;
constexpr std::array<Word, 9> kWords = {{{"late", FaultKind::late, kSeconds},
                                         {"stall", FaultKind::stall, kTokens},
                                         {"die", FaultKind::die, kTokens},
                                         {"reset", FaultKind::reset, kTokens},
                                         {"lie", FaultKind::lie, kTokens},
                                         {"status", FaultKind::status, 599},
                                         {"slow-drain", FaultKind::slow_drain, 1e12},
                                         {"slow-accept", FaultKind::slow_accept, kSeconds},
                                         {"idle-close", FaultKind::idle_close, kSeconds}}};

bool of_connections(FaultKind kind) {
  return kind == FaultKind::slow_accept || kind == FaultKind::idle_close;
}

bool read_number(std::string_view text, double& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && std::isfinite(value) && value >= 0;
}

bool set_extra(std::string_view name, double value, FaultRule& fault) {
  if (name == "share" && value <= 1) {
    fault.share = value;
  } else if (name == "times" && value == std::floor(value) && value < 1e15) {
    fault.times = static_cast<std::uint64_t>(value);
  } else {
    return false;
  }
  return true;
}

Duration seconds_of(double value) {
  return nanos(std::llround(value * 1e9));
}

std::string number_text(double value) {
  std::array<char, 32> room{};
  const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
  return {room.data(), end};
}

void apply(const FaultRule& fault, Ailments& ailments) {
  const auto tokens = [&] { return static_cast<std::uint32_t>(fault.value); };
  switch (fault.kind) {
    case FaultKind::late: ailments.late = seconds_of(fault.value); break;
    case FaultKind::stall: ailments.stall_at = tokens(); break;
    case FaultKind::die: ailments.die_at = tokens(); break;
    case FaultKind::reset: ailments.reset_at = tokens(); break;
    case FaultKind::lie: ailments.lie_at = tokens(); break;
    case FaultKind::status: ailments.status = static_cast<std::uint16_t>(fault.value); break;
    case FaultKind::slow_drain: ailments.bytes_per_second = fault.value; break;
    case FaultKind::slow_accept:
    case FaultKind::idle_close: break;
  }
}

}  // namespace

std::expected<FaultRule, std::string> parse_fault(std::string_view text) {
  const auto wrong = [text](std::string_view why) {
    return std::unexpected("fault '" + std::string(text) + "': " + std::string(why));
  };
  FaultRule fault;
  bool first = true;
  for (std::string_view left = text; first || !left.empty();) {
    const std::string_view part = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    double value = 0;
    if (equals == std::string_view::npos || !read_number(part.substr(equals + 1), value)) {
      return wrong("NAME=NUMBER is wanted");
    }
    const std::string_view name = part.substr(0, equals);
    if (!first) {
      if (!set_extra(name, value, fault)) return wrong("behind the kind come share=0..1 and times=N");
      continue;
    }
    first = false;
    const auto word = std::ranges::find(kWords, name, &Word::name);
    if (word == kWords.end()) {
      return wrong("the kinds are late, stall, die, reset, lie, status, slow-drain, slow-accept and idle-close");
    }
    const bool fits = word->kind == FaultKind::status ? value >= 400 : value > 0 || word->most == kTokens;
    if (!fits || value > word->most) return wrong("its value is out of range");
    fault.kind = word->kind;
    fault.value = value;
  }
  return fault;
}

std::expected<std::vector<FaultRule>, std::string> parse_faults(std::string_view text) {
  std::vector<FaultRule> faults;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    auto fault = parse_fault(line);
    if (!fault) return std::unexpected(fault.error());
    faults.push_back(*fault);
  }
  return faults;
}

std::string to_string(const FaultRule& fault) {
  const auto word = std::ranges::find(kWords, fault.kind, &Word::kind);
  std::string text = std::string(word->name) + "=" + number_text(fault.value);
  if (fault.share < 1) text += ",share=" + number_text(fault.share);
  if (fault.times) text += ",times=" + std::to_string(*fault.times);
  return text;
}

std::uint32_t Ailments::end_at() const {
  return std::min({stall_at.value_or(UINT32_MAX), die_at.value_or(UINT32_MAX), reset_at.value_or(UINT32_MAX)});
}

bool Faults::strikes(FaultRule& fault) {
  if (fault.times == 0 || !rng_.chance(fault.share)) return false;
  if (fault.times) --*fault.times;
  ++befallen_;
  return true;
}

Ailments Faults::befall_request() {
  Ailments ailments;
  for (FaultRule& fault : faults_) {
    if (!of_connections(fault.kind) && strikes(fault)) apply(fault, ailments);
  }
  return ailments;
}

Duration Faults::befall_connection() {
  Duration unread;
  for (FaultRule& fault : faults_) {
    if (fault.kind == FaultKind::slow_accept && strikes(fault)) unread = std::max(unread, seconds_of(fault.value));
  }
  return unread;
}

Duration Faults::idle_close() const {
  for (const FaultRule& fault : faults_) {
    if (fault.kind == FaultKind::idle_close) return seconds_of(fault.value);
  }
  return {};
}

}  // namespace wp::replica
