// A packet script as data: what is done to a TCP, line by line, and what it must answer. The form is in README.md.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/wire/tcp.h"
#include "tests/script/place.h"

namespace wp::script {

// A number that may be left open.
using Number = std::optional<std::uint32_t>;

struct TimestampsLine {
  Number value{};  // of what the subject sends: not compared when open
  Number echo;     // open: the latest value of the subject, less `echo_before`
  std::uint32_t echo_before = 0;
};

struct OptionsLine {
  Number mss{};
  bool scales = false;
  Number scale{};  // open: any
  bool sack_permitted = false;
  std::optional<TimestampsLine> timestamps{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sacks{};  // counted as the acknowledgment is
};

// Sequence numbers count from the initial ones of their sender.
struct PacketLine {
  bool to_subject = false;
  wire::TcpFlags flags{};
  std::uint32_t sequence = 0;
  std::uint32_t length = 0;
  Number acknowledgment{};
  Number window{};              // as it stands in the header; of what the subject sends: not compared when open
  bool is_window_open = false;  // any but zero
  std::uint16_t urgent = 0;
  std::optional<OptionsLine> options{};  // of what the subject sends: not compared when absent
  char text = 0;                         // what the payload consists of; 0: the pattern of its place
  bool has_bad_checksum = false;
};

// ICMP: a router cannot pass on the packet that began at `sequence`.
struct TooBigLine {
  std::uint32_t sequence = 0;
  std::uint32_t mtu = 0;
};

struct CommandLine {
  enum class Verb : std::uint8_t {
    listen,
    connect,
    accept,
    write,   // `amount` bytes
    read,    // exactly `amount` bytes must be had
    finish,  // half-close
    close,
    abort,
    wait,    // nothing is sent for `after`
    expect,  // `word`: a state of the connection, or what its application sees
    forget,  // the subject's next SYN begins a new numbering
    number,  // `amount` is the peer's initial sequence number
  };
  Verb verb = Verb::wait;
  std::uint32_t amount = 0;
  std::string word{};
};

enum class For : std::uint8_t { both, ours, kernel };

struct Line {
  unsigned number = 0;  // in the file
  For who = For::both;
  unsigned connection = 1;
  std::optional<Duration> after{};  // the line before; absent: whenever it comes
  std::variant<PacketLine, TooBigLine, CommandLine> what{};
};

struct Script {
  std::string name;
  std::map<std::string, std::uint32_t> settings{};
  std::vector<std::string> differences{};  // from Linux: the RFC and section that decides, then what
  std::vector<Line> lines{};
  Family family = Family::v4;  // over which it is played

  // Whether it is about TCP over `over`: nearly all are about both.
  [[nodiscard]] bool is_for(Family over) const {
    return setting("ip", over == Family::v4 ? 4 : 6) == (over == Family::v4 ? 4U : 6U);
  }
  // `fallback` when the script does not set it.
  [[nodiscard]] std::uint32_t setting(const std::string& key, std::uint32_t fallback) const {
    const auto at = settings.find(key);
    return at == settings.end() ? fallback : at->second;
  }
};

// The error says which line and why.
[[nodiscard]] std::expected<Script, std::string> read_script(const std::string& path);

}  // namespace wp::script
