#include "tests/script/script.h"

#include <charconv>
#include <filesystem>
#include <fstream>

#include "tests/script/words.h"

namespace wp::script {
namespace {

using Verb = CommandLine::Verb;

struct Refused {
  std::string why;
};

[[noreturn]] void refuse(std::string why) {
  throw Refused{std::move(why)};
}

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse("no number: '" + std::string(text) + "'");
  return value;
}

Number open_number(std::string_view text) {
  return text == "*" ? Number() : Number(number(text));
}

// "a<separator>b" as two numbers.
std::pair<std::uint32_t, std::uint32_t> two_numbers(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) refuse("not two numbers: '" + std::string(text) + "'");
  return {number(text.substr(0, at)), number(text.substr(at + 1))};
}

wire::TcpFlags flags(std::string_view text) {
  wire::TcpFlags made;
  for (const char letter : text) {
    switch (letter) {
      case 'F': made.add(wire::TcpFlag::fin); break;
      case 'S': made.add(wire::TcpFlag::syn); break;
      case 'R': made.add(wire::TcpFlag::rst); break;
      case 'P': made.add(wire::TcpFlag::psh); break;
      case '.': made.add(wire::TcpFlag::ack); break;
      case 'U': made.add(wire::TcpFlag::urg); break;
      case 'E': made.add(wire::TcpFlag::ece); break;
      case 'W': made.add(wire::TcpFlag::cwr); break;
      case '-': break;
      default: refuse("no flags: '" + std::string(text) + "'");
    }
  }
  return made;
}

TimestampsLine timestamps(Words& words) {
  TimestampsLine made;
  made.value = open_number(words.next());
  const std::string_view echo = words.next();
  if (echo.starts_with("*-")) {
    made.echo_before = number(echo.substr(2));
  } else {
    made.echo = open_number(echo);
  }
  return made;
}

// What stands between < and >.
OptionsLine options(std::string_view text) {
  OptionsLine made;
  Words words(text);
  while (!words.empty()) {
    const std::string_view word = words.next();
    if (word == "mss") {
      made.mss = number(words.next());
    } else if (word == "wscale") {
      made.scales = true;
      made.scale = open_number(words.next());
    } else if (word == "sackOK") {
      made.sack_permitted = true;
    } else if (word == "ts") {
      made.timestamps = timestamps(words);
    } else if (word == "sack") {
      made.sacks.push_back(two_numbers(words.next(), ':'));
    } else {
      refuse("no option: '" + std::string(word) + "'");
    }
  }
  return made;
}

// "first:end(length)"
void range(std::string_view text, PacketLine& packet) {
  const std::size_t bracket = text.find('(');
  if (bracket == std::string_view::npos || !text.ends_with(')')) refuse("no range: '" + std::string(text) + "'");
  const auto [first, end] = two_numbers(text.substr(0, bracket), ':');
  packet.sequence = first;
  packet.length = number(text.substr(bracket + 1, text.size() - bracket - 2));
  if (end - first != packet.length) refuse("the range is not as long as it says");
}

PacketLine packet(Words& words, bool to_subject) {
  PacketLine made{.to_subject = to_subject};
  made.flags = flags(words.next());
  range(words.next(), made);
  while (!words.empty()) {
    if (words.rest().starts_with('<')) {
      made.options = options(words.bracketed());
      continue;
    }
    const std::string_view word = words.next();
    if (word == "ack") {
      made.acknowledgment = number(words.next());
    } else if (word == "win") {
      const std::string_view window = words.next();
      made.is_window_open = window == "+";
      if (!made.is_window_open) made.window = number(window);
    } else if (word == "urg") {
      made.urgent = static_cast<std::uint16_t>(number(words.next()));
    } else if (word == "text") {
      made.text = words.next().front();
    } else if (word == "badsum") {
      made.has_bad_checksum = true;
    } else {
      refuse("unknown in a packet: '" + std::string(word) + "'");
    }
  }
  if (made.flags.has(wire::TcpFlag::ack) != made.acknowledgment.has_value()) refuse("'.' and 'ack' go together");
  return made;
}

CommandLine command(std::string_view verb, Words& words) {
  if (verb == "listen") return {.verb = Verb::listen};
  if (verb == "connect") return {.verb = Verb::connect};
  if (verb == "accept") return {.verb = Verb::accept};
  if (verb == "finish") return {.verb = Verb::finish};
  if (verb == "close") return {.verb = Verb::close};
  if (verb == "abort") return {.verb = Verb::abort};
  if (verb == "wait") return {.verb = Verb::wait};
  if (verb == "forget") return {.verb = Verb::forget};
  if (verb == "write") return {.verb = Verb::write, .amount = number(words.next())};
  if (verb == "number") return {.verb = Verb::number, .amount = number(words.next())};
  if (verb == "expect") return {.verb = Verb::expect, .word = std::string(words.next())};
  if (verb == "read") {
    CommandLine made{.verb = Verb::read, .amount = number(words.next())};
    if (!words.empty()) made.word = words.next();
    return made;
  }
  refuse("unknown: '" + std::string(verb) + "'");
}

// Seconds, with a fraction if any.
Duration duration(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse("no time: '" + std::string(text) + "'");
  return {static_cast<std::int64_t>(value * 1e9)};
}

Line line(Words words) {
  Line made{.after = Duration{}};
  std::string_view word = words.next();
  if (word == "ours" || word == "linux") {
    made.who = word == "ours" ? For::ours : For::kernel;
    word = words.next();
  }
  if (word.starts_with('@')) {
    made.connection = number(word.substr(1));
    word = words.next();
  }
  if (word.starts_with('+')) {
    made.after = word == "+*" ? std::optional<Duration>() : duration(word.substr(1));
    word = words.next();
  }
  if (word == "<" && words.rest().starts_with("too_big ")) {
    static_cast<void>(words.next());
    TooBigLine too_big{.sequence = number(words.next())};
    too_big.mtu = number(words.next());
    made.what = too_big;
  } else if (word == "<" || word == ">") {
    made.what = packet(words, word == "<");
    words = Words({});
  } else {
    made.what = command(word, words);
  }
  if (!made.after && word != ">") refuse("only what the subject sends can come at any time");
  if (!words.empty() && word == "<") refuse("more than a line holds: '" + std::string(words.rest()) + "'");
  return made;
}

constexpr std::string_view kSettings[] = {"ip",
                                          "mtu",
                                          "user_timeout",
                                          "keepalive_idle",
                                          "keepalive_interval",
                                          "fin_wait_2",
                                          "keepalive_probes",
                                          "time_wait",
                                          "quick_acks",
                                          "receive",
                                          "send",
                                          "connect_timeout",
                                          "connections",
                                          "pieces",
                                          "drain"};

void setting(Words& words, Script& script) {
  const std::string_view key = words.next();
  bool is_known = false;
  for (const std::string_view known : kSettings) is_known = is_known || known == key;
  if (!is_known) refuse("no setting: '" + std::string(key) + "'");
  script.settings[std::string(key)] = number(words.next());
}

}  // namespace

std::expected<Script, std::string> read_script(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected(path + ": cannot be read");
  Script script{.name = std::filesystem::path(path).stem().string()};
  std::string text;
  for (unsigned at = 1; std::getline(file, text); ++at) {
    Words words(std::string_view(text).substr(0, text.find('#')));
    if (words.empty()) continue;
    try {
      if (words.rest().starts_with("set ")) {
        static_cast<void>(words.next());
        setting(words, script);
      } else if (words.rest().starts_with("differs ")) {
        static_cast<void>(words.next());
        script.differences.emplace_back(words.rest());
      } else {
        script.lines.push_back(line(words));
        script.lines.back().number = at;
      }
    } catch (const Refused& refused) {
      return std::unexpected(path + ":" + std::to_string(at) + ": " + refused.why);
    }
  }
  bool is_split = false;
  for (const Line& one : script.lines) is_split = is_split || one.who != For::both;
  if (is_split == script.differences.empty()) {
    return std::unexpected(path + ": lines for one subject, and a line that says why it differs, go together");
  }
  return script;
}

}  // namespace wp::script
