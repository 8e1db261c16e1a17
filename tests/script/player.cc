#include "tests/script/player.h"

#include <algorithm>

#include "dataplane/wire/icmpv4.h"
#include "dataplane/wire/icmpv6.h"
#include "dataplane/wire/ipv4.h"
#include "tests/sim/packet/frame.h"

namespace wp::script {

using sim::packet::make_packet;
using sim::packet::read_packet;
using wire::SeqNumber;
using wire::TcpFlag;
using wire::TcpHeader;
using Verb = CommandLine::Verb;

namespace {

// Longer than anything that a script waits for by "+*".
constexpr Duration kWhenever = seconds(8);

std::string flag_letters(wire::TcpFlags flags) {
  std::string text;
  constexpr std::pair<TcpFlag, char> kLetters[] = {
      {TcpFlag::fin, 'F'}, {TcpFlag::syn, 'S'}, {TcpFlag::rst, 'R'}, {TcpFlag::psh, 'P'}, {TcpFlag::ack, '.'}};
  for (const auto& [flag, letter] : kLetters) {
    if (flags.has(flag)) text += letter;
  }
  return text.empty() ? "-" : text;
}

std::string milliseconds(Duration duration) {
  return std::to_string(duration.micros() / 1000) + " ms";
}

// What a router says, in the name of the flow's far end.
std::vector<std::byte> icmpv4(const tcp::Flow& flow, const wire::IcmpTooBig& body) {
  const wire::Icmpv4Message message{.body = body};
  wire::Ipv4Header ip{.protocol = wire::IpProtocol::icmp,
                      .payload_length = static_cast<std::uint16_t>(message.length())};
  std::copy_n(flow.remote.address.begin(), 4, ip.source.octets.begin());
  std::copy_n(flow.local.address.begin(), 4, ip.destination.octets.begin());
  std::vector<std::byte> packet(wire::Ipv4Header::length() + message.length());
  const wire::MutableBytes out(packet);
  ip.emit(out, {});
  message.emit(out.subspan(wire::Ipv4Header::length()), {});
  return packet;
}

std::vector<std::byte> icmpv6(const tcp::Flow& flow, const wire::IcmpTooBig& body) {
  const wire::Icmpv6Message message{.body = body};
  wire::Ipv6Header ip{.protocol = wire::IpProtocol::icmpv6,
                      .payload_length = static_cast<std::uint16_t>(message.length())};
  std::copy_n(flow.remote.address.begin(), 16, ip.source.octets.begin());
  std::copy_n(flow.local.address.begin(), 16, ip.destination.octets.begin());
  std::vector<std::byte> packet(wire::Ipv6Header::length() + message.length());
  const wire::MutableBytes out(packet);
  ip.emit(out);
  message.emit(out.subspan(wire::Ipv6Header::length()), ip, {});
  return packet;
}

// All that is not PSH, whose place is the sender's to choose, and not ECN's.
std::uint8_t comparable(wire::TcpFlags flags) {
  constexpr wire::TcpFlags kCompared{TcpFlag::fin, TcpFlag::syn, TcpFlag::rst, TcpFlag::ack, TcpFlag::urg};
  return flags.bits() & kCompared.bits();
}

}  // namespace

Player::Player(const Script& script, Subject& subject) : script_(&script), subject_(&subject) {}

Player::Talk& Player::talk(unsigned connection) {
  const auto [at, is_new] = talks_.try_emplace(connection);
  if (is_new) {
    at->second.flow = {.local = subject_at(script_->family, kSubjectPort),
                       .remote = peer_at(script_->family, static_cast<std::uint16_t>(kPeerPort + connection))};
  }
  return at->second;
}

std::string Player::play() {
  last_ = subject_->now();
  for (const Line& line : script_->lines) {
    if (line.who != For::both && line.who != subject_->kind()) continue;
    std::string wrong = step(line);
    if (wrong.empty()) wrong = subject_->complaint();
    if (!wrong.empty()) return "line " + std::to_string(line.number) + ": " + wrong;
  }
  // What is sent at once behind the last line is part of it.
  const std::string wrong = pass(subject_->now());
  return wrong.empty() ? "" : "at the end: " + wrong;
}

std::string Player::step(const Line& line) {
  if (const auto* packet = std::get_if<PacketLine>(&line.what)) return do_packet(line, *packet);
  if (std::string wrong = pass(last_ + *line.after); !wrong.empty()) return wrong;
  last_ = subject_->now();
  if (const auto* too_big = std::get_if<TooBigLine>(&line.what)) return do_too_big(*too_big, line.connection);
  return do_command(std::get<CommandLine>(line.what), line.connection);
}

std::string Player::pass(Instant until) {
  const auto sent = subject_->next_packet(until);
  return sent ? "unexpected: " + describe(sent->packet) : "";
}

std::string Player::do_packet(const Line& line, const PacketLine& packet) {
  if (!packet.to_subject) return receive(line, packet);
  if (line.after->ns > 0) {
    if (std::string wrong = pass(last_ + *line.after); !wrong.empty()) return wrong;
  }
  last_ = subject_->now();
  inject(packet, talk(line.connection));
  return {};
}

void Player::inject(const PacketLine& packet, Talk& talk) {
  const std::uint32_t subject_number = talk.subject_number.value_or(0);
  TcpHeader header{.source_port = talk.flow.remote.port,
                   .destination_port = talk.flow.local.port,
                   .sequence = SeqNumber(talk.peer_number + packet.sequence),
                   .acknowledgment = SeqNumber(packet.acknowledgment ? subject_number + *packet.acknowledgment : 0),
                   .flags = packet.flags,
                   .window = static_cast<std::uint16_t>(packet.window.value_or(packet.is_window_open ? 1 : 0)),
                   .urgent_pointer = packet.urgent};
  if (packet.options) {
    const OptionsLine& line = *packet.options;
    if (line.mss) header.options.mss = static_cast<std::uint16_t>(*line.mss);
    if (line.scales) header.options.window_scale = static_cast<std::uint8_t>(line.scale.value_or(7));
    header.options.sack_permitted = line.sack_permitted;
    if (line.timestamps) {
      header.options.timestamps = wire::TcpTimestamps{
          .value = line.timestamps->value.value_or(0),
          .echo = line.timestamps->echo.value_or(talk.subject_timestamp - line.timestamps->echo_before)};
    }
    for (const auto& [left, right] : line.sacks) {
      header.options.sacks.push_back({SeqNumber(subject_number + left), SeqNumber(subject_number + right)});
    }
  }
  // A SYN takes a number, but no place of the stream.
  const std::uint32_t place = packet.sequence - (packet.flags.has(TcpFlag::syn) ? 0U : 1U);
  std::vector<std::byte> payload(packet.length);
  for (std::uint32_t i = 0; i < packet.length; ++i) {
    payload[i] = static_cast<std::byte>(packet.text != 0 ? packet.text : pattern(place + i));
  }
  auto bytes = make_packet({.local = talk.flow.remote, .remote = talk.flow.local}, header, payload);
  if (packet.has_bad_checksum)
    bytes[wire::Ipv4Header::length() + longer_header(script_->family) + 16] ^= std::byte{0x55};
  subject_->inject(bytes);
}

std::string Player::receive(const Line& line, const PacketLine& packet) {
  const Duration after = line.after.value_or(Duration{});
  const Instant until = line.after ? last_ + after + subject_->late(after) : last_ + kWhenever;
  const auto sent = subject_->next_packet(until);
  if (!sent) return "nothing was sent within " + milliseconds(until - last_);
  const auto segment = read_packet(sent->packet);
  if (!segment) return "not a TCP segment";
  Talk& one = talk(line.connection);
  // Whoever connects chooses the port.
  if (!one.subject_number && segment->flow.local.port == one.flow.remote.port) one.flow.local = segment->flow.remote;
  const tcp::Flow flow{.local = segment->flow.remote, .remote = segment->flow.local};
  if (flow != one.flow) return "sent for another connection: " + describe(sent->packet);
  if (std::string wrong = compare(packet, one, segment->header, segment->payload); !wrong.empty()) {
    return wrong + ": " + describe(sent->packet);
  }
  const Duration took = sent->at - last_;
  if (line.after && took < after - subject_->early(after)) {
    return "sent after " + milliseconds(took) + ", which is too early: " + describe(sent->packet);
  }
  last_ = sent->at;
  return {};
}

std::string Player::compare(const PacketLine& packet, Talk& talk, const TcpHeader& header, wire::Bytes payload) {
  if (comparable(header.flags) != comparable(packet.flags)) return "other flags";
  if (!talk.subject_number && header.flags.has(TcpFlag::syn)) {
    talk.subject_number = header.sequence.value() - packet.sequence;
  }
  if (header.options.timestamps) talk.subject_timestamp = header.options.timestamps->value;
  if (header.sequence != SeqNumber(talk.subject_number.value_or(0) + packet.sequence)) return "another sequence number";
  if (packet.acknowledgment && header.acknowledgment != SeqNumber(talk.peer_number + *packet.acknowledgment)) {
    return "another acknowledgment";
  }
  if (payload.size() != packet.length) return "another length";
  if (packet.window && header.window != *packet.window) return "another window";
  if (packet.is_window_open && header.window == 0) return "a closed window";
  for (std::uint32_t i = 0; i < packet.length; ++i) {
    if (static_cast<char>(payload[i]) != pattern(packet.sequence - 1 + i)) return "other bytes";
  }
  return packet.options ? compare_options(*packet.options, talk, header.options) : std::string();
}

std::string Player::compare_options(const OptionsLine& wanted, const Talk& talk,
                                    const wire::TcpOptions& options) const {
  if (wanted.mss != Number(options.mss)) return "another MSS";
  if (wanted.scales != options.window_scale.has_value()) return "window scale";
  if (wanted.scale && *wanted.scale != *options.window_scale) return "another window scale";
  if (wanted.sack_permitted != options.sack_permitted) return "SACK permitted";
  if (wanted.timestamps.has_value() != options.timestamps.has_value()) return "timestamps";
  if (wanted.timestamps && wanted.timestamps->echo && *wanted.timestamps->echo != options.timestamps->echo) {
    return "another timestamp is echoed, " + std::to_string(options.timestamps->echo);
  }
  const auto blocks = options.sacks.all();
  const bool is_same = std::ranges::equal(blocks, wanted.sacks, [&](const wire::SackBlock& block, const auto& range) {
    return block.left == SeqNumber(talk.peer_number + range.first) &&
           block.right == SeqNumber(talk.peer_number + range.second);
  });
  return is_same ? "" : "other SACK blocks";
}

std::string Player::describe(const std::vector<std::byte>& packet) {
  const auto segment = read_packet(packet);
  if (!segment) return "a packet that is not TCP";
  const unsigned connection = segment->flow.local.port - kPeerPort;
  const Talk& one = talk(connection);
  const TcpHeader& header = segment->header;
  const std::uint32_t first = header.sequence.value() - one.subject_number.value_or(0);
  std::string text = "> " + flag_letters(header.flags) + " " + std::to_string(first) + ":" +
                     std::to_string(first + segment->payload.size()) + "(" + std::to_string(segment->payload.size()) +
                     ")";
  if (header.flags.has(TcpFlag::ack)) text += " ack " + std::to_string(header.acknowledgment.value() - one.peer_number);
  text += " win " + std::to_string(header.window) + " <";
  if (header.options.mss) text += " mss " + std::to_string(*header.options.mss);
  if (header.options.sack_permitted) text += " sackOK";
  if (header.options.timestamps) text += " ts * " + std::to_string(header.options.timestamps->echo);
  if (header.options.window_scale) text += " wscale " + std::to_string(*header.options.window_scale);
  for (const wire::SackBlock& block : header.options.sacks.all()) {
    text += " sack " + std::to_string(block.left.value() - one.peer_number) + ":" +
            std::to_string(block.right.value() - one.peer_number);
  }
  return (connection == 1 ? "" : "@" + std::to_string(connection) + " ") + text + " >";
}

std::string Player::do_too_big(const TooBigLine& too_big, unsigned connection) {
  const Talk& one = talk(connection);
  const TcpHeader quoted{.source_port = one.flow.local.port,
                         .destination_port = one.flow.remote.port,
                         .sequence = SeqNumber(one.subject_number.value_or(0) + too_big.sequence),
                         .flags = {TcpFlag::ack}};
  const auto quote = make_packet(one.flow, quoted, {});
  const wire::IcmpTooBig body{.mtu = too_big.mtu + longer_header(script_->family), .quote = quote};
  subject_->inject(script_->family == Family::v4 ? icmpv4(one.flow, body) : icmpv6(one.flow, body));
  return {};
}

std::string Player::do_read(const CommandLine& command, unsigned connection) {
  Talk& one = talk(connection);
  std::string bytes;
  if (std::string wrong = subject_->read(connection, command.amount, bytes); !wrong.empty()) return wrong;
  for (std::uint32_t i = 0; i < command.amount; ++i) {
    const char wanted = command.word.empty() ? pattern(one.read + i) : command.word[i % command.word.size()];
    if (bytes[i] != wanted) return "byte " + std::to_string(i) + " of what was read is another one: " + bytes;
  }
  one.read += command.amount;
  return {};
}

std::string Player::do_expect(const std::string& word, unsigned connection) {
  if (word == "open" || word == "eof" || word == "failed" || word == "empty") {
    return subject_->sees(connection, word) ? "" : "the application does not see " + word;
  }
  // The kernel's states are asked for from outside, and may be a moment late.
  const Instant patience = subject_->now() + subject_->late({});
  std::string state = subject_->state(talk(connection).flow);
  while (state != word && subject_->kind() == For::kernel && subject_->now() < patience) {
    state = subject_->state(talk(connection).flow);
  }
  return state == word ? "" : "the state is " + state;
}

std::string Player::do_command(const CommandLine& command, unsigned connection) {
  Talk& one = talk(connection);
  switch (command.verb) {
    case Verb::listen: return subject_->listen();
    case Verb::connect: return subject_->connect(connection);
    case Verb::accept: return subject_->accept(connection);
    case Verb::write: {
      std::string bytes(command.amount, ' ');
      for (char& byte : bytes) byte = pattern(one.written++);
      return subject_->write(connection, bytes);
    }
    case Verb::read: return do_read(command, connection);
    case Verb::finish: return subject_->finish(connection);
    case Verb::close: return subject_->close(connection);
    case Verb::abort: return subject_->abort(connection);
    case Verb::wait: return {};
    case Verb::expect: return do_expect(command.word, connection);
    case Verb::forget:
      one.subject_number.reset();
      one.written = 0;
      return {};
    case Verb::number: one.peer_number = command.amount; return {};
  }
  return "no such command";
}

}  // namespace wp::script
