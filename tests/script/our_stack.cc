#include "tests/script/our_stack.h"

#include <algorithm>

#include "dataplane/wire/icmpv4.h"
#include "dataplane/wire/icmpv6.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/quoted_tcp.h"
#include "tests/sim/packet/frame.h"

namespace wp::script {
namespace {

tcp::TcpConfig config_of(const Script& script) {
  tcp::TcpConfig config;
  config.mtu = static_cast<std::uint16_t>(script.setting("mtu", config.mtu) + longer_header(script.family));
  config.quick_acks = static_cast<std::uint8_t>(script.setting("quick_acks", config.quick_acks));
  config.keepalive_probes = static_cast<std::uint8_t>(script.setting("keepalive_probes", config.keepalive_probes));
  config.out_of_order_pieces = static_cast<std::uint16_t>(script.setting("pieces", config.out_of_order_pieces));
  config.drain_bytes = script.setting("drain", config.drain_bytes);
  const auto set = [&](const char* key, Duration& duration) {
    if (script.settings.contains(key)) duration = millis(script.setting(key, 0));
  };
  set("user_timeout", config.user_timeout);
  set("connect_timeout", config.connect_timeout);
  set("keepalive_idle", config.keepalive_idle);
  set("keepalive_interval", config.keepalive_interval);
  set("fin_wait_2", config.fin_wait_2);
  set("time_wait", config.time_wait);
  return config;
}

stream::StreamLimits limits_of(const Script& script) {
  return {.ports = 16,
          .nodes = 4'096,
          .receive_entries = 512,
          .receive_bytes = 2'048,
          .slab_entries = 512,
          .rx_limit = script.setting("receive", 65'536),
          .tx_limit = script.setting("send", 1'000'000)};
}

}  // namespace

OurStack::OurStack(const Script& script)
    : family_(script.family),
      ports_(limits_of(script)),
      stack_(config_of(script), {.connections = script.setting("connections", 16)}, ports_, rng_, now_) {
  stack_.use_source(subject_at(family_, 0));
}

stream::StreamPort* OurStack::port(unsigned connection) {
  const auto at = port_of_.find(connection);
  return at == port_of_.end() ? nullptr : ports_.find(at->second);
}

void OurStack::turn() {
  stack_.step(now_);
  while (const auto segment = stack_.poll_transmit(now_)) {
    std::vector<std::byte> payload(segment->length);
    if (segment->length > 0) segment->queued->copy(segment->offset, payload);
    sent_.push_back({now_, sim::packet::make_packet(segment->flow, segment->header, payload)});
  }
}

std::optional<Sent> OurStack::next_packet(Instant until) {
  turn();
  while (sent_.empty() && now_ < until) {
    // What is due is known to a tick.
    const Instant next = std::max(stack_.next_deadline(now_), now_ + micros(200));
    now_ = earlier(next, until);
    turn();
  }
  if (sent_.empty()) return std::nullopt;
  Sent first = std::move(sent_.front());
  sent_.pop_front();
  return first;
}

void OurStack::take_icmp(wire::Bytes packet) {
  const auto take = [&](const auto& message) {
    const auto* too_big = message ? std::get_if<wire::IcmpTooBig>(&message->body) : nullptr;
    const auto quoted = too_big != nullptr ? wire::QuotedTcp::parse(too_big->quote) : std::unexpected(wire::Drop{});
    if (!quoted) return;
    stack_.on_too_big({.local = quoted->source, .remote = quoted->destination}, quoted->sequence, too_big->mtu);
  };
  if (const auto view = wire::Ipv4View::of(packet); view && view->protocol() == wire::IpProtocol::icmp) {
    if (const auto icmp = wire::IcmpView::of(view->payload())) take(wire::Icmpv4Message::parse(*icmp, {}));
  }
  if (const auto view = wire::Ipv6View::of(packet); view && view->protocol() == wire::IpProtocol::icmpv6) {
    const auto ip = wire::Ipv6Header::parse(*view);
    const auto icmp = wire::IcmpView::of(view->payload());
    if (ip && icmp) take(wire::Icmpv6Message::parse(*icmp, *ip, {}));
  }
}

void OurStack::inject(const std::vector<std::byte>& packet) {
  const auto arrived = sim::packet::read_packet(packet);
  if (!arrived) {
    take_icmp(packet);
    turn();
    return;
  }
  stream::Slice payload;
  if (!arrived->payload.empty()) {
    payload = ports_.receive_pool().take();
    std::ranges::copy(arrived->payload, payload.writable().begin());
    payload.set_range(0, static_cast<std::uint32_t>(arrived->payload.size()));
  }
  stack_.on_segment(now_, arrived->flow, arrived->header, std::move(payload));
  turn();
}

std::string OurStack::listen() {
  stack_.listen(subject_at(family_, kSubjectPort));
  return {};
}

std::string OurStack::connect(unsigned connection) {
  port_of_[connection] = ports_.connect(peer_at(family_, static_cast<std::uint16_t>(kPeerPort + connection)));
  turn();
  return {};
}

std::string OurStack::accept(unsigned connection) {
  stream::PortId id;
  while (ports_.next_for_application(id)) {
    stream::StreamPort& port = ports_.get(id);
    const unsigned from = port.remote().port - kPeerPort;
    if (port.owner() != 0) continue;
    port.set_owner(from);
    port_of_[from] = id;
  }
  return port(connection) != nullptr ? "" : "nobody was accepted";
}

std::string OurStack::write(unsigned connection, const std::string& bytes) {
  stream::StreamPort* to = port(connection);
  if (to == nullptr) return "no such connection";
  // As relays do: never more at a time than is there of credit.
  if (!to->append(std::as_bytes(std::span(bytes)))) return "no memory to write to";
  turn();
  return {};
}

std::string OurStack::read(unsigned connection, std::uint32_t amount, std::string& bytes) {
  stream::StreamPort* from = port(connection);
  if (from == nullptr) return "no such connection";
  while (bytes.size() < amount && !from->rx().empty()) {
    const auto next = from->rx().front().bytes();
    const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(next.size(), amount - bytes.size()));
    bytes.append(reinterpret_cast<const char*>(next.data()), taken);
    from->consume(taken);
  }
  turn();
  return bytes.size() == amount ? "" : "only " + std::to_string(bytes.size()) + " bytes to read";
}

std::string OurStack::finish(unsigned connection) {
  if (port(connection) == nullptr) return "no such connection";
  port(connection)->finish();
  turn();
  return {};
}

std::string OurStack::close(unsigned connection) {
  if (port(connection) == nullptr) return "no such connection";
  port(connection)->close();
  port_of_.erase(connection);
  turn();
  return {};
}

std::string OurStack::abort(unsigned connection) {
  if (port(connection) == nullptr) return "no such connection";
  port(connection)->abort(Reason::client_closed);
  port_of_.erase(connection);
  turn();
  return {};
}

bool OurStack::sees(unsigned connection, const std::string& what) {
  const stream::StreamPort* seen = port(connection);
  if (seen == nullptr) return false;
  if (what == "open") return seen->is_open() && !seen->failed();
  if (what == "eof") return seen->peer_closed() && seen->rx().empty();
  if (what == "empty") return seen->rx().empty() && !seen->peer_closed();
  return seen->failed();
}

std::string OurStack::state(const tcp::Flow& flow) {
  const tcp::Connection* connection = stack_.find(flow);
  return connection == nullptr ? "gone" : std::string(word(connection->state()));
}

}  // namespace wp::script
