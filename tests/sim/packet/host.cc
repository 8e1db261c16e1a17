#include "tests/sim/packet/host.h"

#include <algorithm>

#include "tests/sim/packet/frame.h"

namespace wp::sim::packet {

using stream::PortId;
using stream::StreamPort;

namespace {

// What an Ethernet frame holds at least; devices fill up what is shorter, and not all take it off again.
constexpr std::size_t kLeastFrame = 46;

std::size_t checksum_at(const tcp::Flow& flow) {
  return (flow.local.family == Endpoint::Family::v4 ? 20U : 40U) + 16U;
}

}  // namespace

Host::Host(const HostShape& shape, const Endpoint& address, std::uint64_t seed)
    : shape_(shape),
      address_(address),
      rng_(seed),
      ports_(shape.streams),
      stack_(shape.tcp, shape.stack, ports_, rng_, Instant{}) {
  Endpoint source = address;
  source.port = 0;
  stack_.use_source(source);
  stack_.listen(address);
}

void Host::receive(std::vector<std::byte> packet) {
  if (ring_.size() >= shape_.rx_ring) {
    ++ring_drops_;
    return;
  }
  if (shape_.pads && packet.size() < kLeastFrame) packet.resize(kLeastFrame, std::byte{0xee});
  ring_.push_back(std::move(packet));
}

void Host::take_packets(Instant now) {
  for (std::size_t left = std::min<std::size_t>(ring_.size(), 64); left > 0; --left) {
    const auto packet = std::move(ring_.front());
    ring_.pop_front();
    const auto arrived = read_packet(packet);
    if (!arrived) continue;
    stream::Slice payload;
    if (!arrived->payload.empty()) {
      payload = ports_.receive_pool().take();
      if (!payload.owns() || payload.size() < arrived->payload.size()) continue;  // the device has no buffer for it
      std::ranges::copy(arrived->payload, payload.writable().begin());
      payload.set_range(0, static_cast<std::uint32_t>(arrived->payload.size()));
    }
    stack_.on_segment(now, arrived->flow, arrived->header, std::move(payload));
  }
}

int Host::open(const Endpoint& remote, std::uint32_t talk, const TalkShape& shape) {
  const PortId id = ports_.connect(remote);
  if (!id.valid()) return -1;
  speakers_.emplace_back(talk, 0, shape);
  port_of_.push_back(id);
  ports_.get(id).set_owner(speakers_.size());
  return static_cast<int>(speakers_.size()) - 1;
}

std::uint16_t Host::source_of(std::size_t place) {
  const StreamPort* port = ports_.find(port_of_[place]);
  return port == nullptr ? 0 : port->local().port;
}

void Host::behave() {
  behaves_ = true;
  shape_.pause = shape_.lies = 0;
  shape_.tx_budget = std::max(shape_.tx_budget, 64U);
  for (Speaker& speaker : speakers_) speaker.behave();
}

void Host::run_applications() {
  PortId id;
  for (std::uint32_t left = ports_.application_ready(); left > 0 && ports_.next_for_application(id); --left) {
    StreamPort& port = ports_.get(id);
    if (port.owner() == 0) {
      const Guest guest = greeter_->greet(port.remote());
      if (!guest.is_known) {
        port.abort(Reason::client_closed);
        continue;
      }
      speakers_.emplace_back(guest.talk, 1, guest.shape);
      if (behaves_) speakers_.back().behave();
      port_of_.push_back(id);
      port.set_owner(speakers_.size());
      greeter_->seated(guest.talk, speakers_.size() - 1);
    }
    Speaker& speaker = speakers_[port.owner() - 1];
    if (speaker.run(port, rng_) && speaker.is_dawdling(port)) ports_.requeue_for_application(id);
    if (complaint_.empty()) complaint_ = speaker.complaint();
  }
}

// True when the device took no more.
bool Host::transmit(Instant now, std::vector<std::vector<std::byte>>& out) {
  for (std::uint32_t taken = 0; taken < shape_.tx_budget; ++taken) {
    const auto segment = stack_.poll_transmit(now);
    if (!segment) return false;
    std::vector<std::byte> payload(segment->length);
    if (segment->length > 0) segment->queued->copy(segment->offset, payload);
    out.push_back(make_packet(segment->flow, segment->header, payload));
    if (rng_.chance(shape_.lies)) out.back()[checksum_at(segment->flow)] ^= std::byte{0x5a};
  }
  return true;
}

Instant Host::turn(Instant now, std::vector<std::vector<std::byte>>& out) {
  take_packets(now);
  run_applications();
  stack_.step(now);
  const bool is_stuck = transmit(now, out);
  const Instant soon = now + shape_.turn;
  Instant next = stack_.next_deadline(now);
  if (is_stuck || !ring_.empty() || ports_.transport_ready() > 0) next = soon;
  // An application that does not read for a while looks again in a millisecond or so.
  if (ports_.application_ready() > 0) next = earlier(next, now + shape_.turn + micros(1 + rng_.below(2'000)));
  if (next != kNever && next < soon) next = soon;
  if (rng_.chance(shape_.pause)) {
    const Instant paused = now + micros(1 + rng_.below(static_cast<std::uint32_t>(shape_.pause_max.micros())));
    if (next < paused) next = paused;
  }
  return next;
}

std::string Host::leaks() {
  if (stack_.connections() != 0) return "connections";
  if (stack_.half_open() != 0) return "half-open connections are counted that are not there";
  if (stack_.pieces().available() != stack_.pieces().capacity()) return "pieces out of order";
  if (ports_.live() != 0) return "ports";
  if (ports_.receive_pool().held() != 0) return "receive buffers";
  if (ports_.slabs().held() != 0) return "slabs";
  if (ports_.nodes().available() != shape_.streams.nodes) return "nodes";
  return {};
}

}  // namespace wp::sim::packet
