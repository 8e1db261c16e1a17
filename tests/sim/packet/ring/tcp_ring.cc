// What our TCP costs by itself: two stacks on one core, joined by two rings of packets in memory, headers and checksums
// written and read as on a wire. 32 connections, a byte there and a byte back. Prints cycles per request and end (all
// cycles / round trips / 2, the median of nine rounds) and how often memory was allocated meanwhile, which must be
// never.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include <x86intrin.h>

#include "dataplane/tcp/stack.h"
#include "dataplane/wire/ipv4.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// Not inlined: gcc would see malloc() and free() through them and miss their pairing.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace wp {
namespace {

using tcp::Flow;
using wire::Ipv4Header;

constexpr std::uint32_t kConnections = 32;
constexpr std::uint64_t kRoundTrips = 300'000;  // a round
constexpr int kRounds = 9;

struct Packet {
  std::array<std::byte, 256> bytes;
  std::uint32_t size = 0;
};

// One direction. Never full: there are no more packets under way than connections and their acknowledgments.
struct Ring {
  std::array<Packet, 256> packets;
  std::uint32_t head = 0;
  std::uint32_t tail = 0;
};

Endpoint endpoint(std::uint8_t host, std::uint16_t port) {
  return {.address = {192, 0, 2, host}, .port = port, .family = Endpoint::Family::v4};
}

class End {
 public:
  End(std::uint8_t host, std::uint64_t seed, Ring& in, Ring& out)
      : in_(&in), out_(&out), rng_(seed), ports_(kLimits), stack_({}, {.connections = 64}, ports_, rng_, Instant{}) {
    stack_.listen(endpoint(host, 80));
    stack_.use_source(endpoint(host, 0));
  }

  void connect(const Endpoint& remote) {
    for (std::uint32_t i = 0; i < kConnections; ++i) static_cast<void>(ports_.connect(remote));
  }

  void turn(Instant now, bool asks) {
    for (; in_->head != in_->tail; ++in_->head) receive(now, in_->packets[in_->head % in_->packets.size()]);
    stream::PortId id;
    for (std::uint32_t left = ports_.application_ready(); left > 0 && ports_.next_for_application(id); --left) {
      speak(ports_.get(id), asks);
    }
    stack_.step(now);
    while (const auto segment = stack_.poll_transmit(now)) send(*segment);
  }

  [[nodiscard]] std::uint64_t answers() const { return answers_; }

 private:
  static constexpr stream::StreamLimits kLimits{
      .ports = 64, .nodes = 1'024, .receive_entries = 256, .receive_bytes = 2'048, .slab_entries = 256};
  static constexpr std::byte kByte[] = {std::byte{42}};

  void speak(stream::StreamPort& port, bool asks) {
    const std::uint8_t events = port.take_events();
    const std::uint32_t bytes = port.rx().bytes();
    if (bytes > 0) port.consume(bytes);
    if (asks) answers_ += bytes;
    if (bytes > 0 || (asks && (events & stream::kOpened) != 0)) {
      WP_ASSERT(port.append(kByte));
    }
  }

  void receive(Instant now, const Packet& packet) {
    const auto view = wire::Ipv4View::of(wire::Bytes(packet.bytes).first(packet.size));
    WP_ASSERT(view);
    const auto ip = Ipv4Header::parse(*view, checksums_);
    const auto segment = wire::TcpView::of(view->payload());
    WP_ASSERT(ip && segment);
    const auto header = wire::TcpHeader::parse(*segment, ip->pseudo_sum(), checksums_);
    WP_ASSERT(header);
    stream::Slice payload;
    if (const auto bytes = segment->payload(); !bytes.empty()) {
      payload = ports_.receive_pool().take();
      std::ranges::copy(bytes, payload.writable().begin());
      payload.set_range(0, static_cast<std::uint32_t>(bytes.size()));
    }
    const Flow flow{.local = wire::endpoint(ip->destination, header->destination_port),
                    .remote = wire::endpoint(ip->source, header->source_port)};
    stack_.on_segment(now, flow, *header, std::move(payload));
  }

  void send(const tcp::Outgoing& segment) {
    Packet& packet = out_->packets[out_->tail++ % out_->packets.size()];
    const std::size_t headers = Ipv4Header::length() + segment.header.length();
    packet.size = static_cast<std::uint32_t>(headers + segment.length);
    const wire::MutableBytes out = wire::MutableBytes(packet.bytes).first(packet.size);
    Ipv4Header ip{.payload_length = static_cast<std::uint16_t>(segment.header.length() + segment.length)};
    std::copy_n(segment.flow.local.address.begin(), 4, ip.source.octets.begin());
    std::copy_n(segment.flow.remote.address.begin(), 4, ip.destination.octets.begin());
    ip.emit(out, checksums_);
    const wire::MutableBytes payload = out.subspan(headers);
    if (segment.length > 0) segment.queued->copy(segment.offset, payload);
    segment.header.emit(out.subspan(Ipv4Header::length()), ip.pseudo_sum() + checksums_.sum(payload), checksums_);
  }

  Ring* in_;
  Ring* out_;
  Rng rng_;
  stream::PortTable ports_;
  tcp::Stack stack_;
  wire::Checksums checksums_{.sum = wire::fastest_sum()};
  std::uint64_t answers_ = 0;
};

}  // namespace

// The process's exit status: 1 when anything was allocated, or the median is above `most` cycles.
int measure(double most) {
  const auto there = std::make_unique<Ring>();
  const auto back = std::make_unique<Ring>();
  const auto client = std::make_unique<End>(1, 1, *back, *there);
  const auto server = std::make_unique<End>(2, 2, *there, *back);
  client->connect(endpoint(2, 80));
  Instant now{seconds(1).ns};
  const auto run = [&](std::uint64_t round_trips) {
    const std::uint64_t until = client->answers() + round_trips;
    while (client->answers() < until) {
      now = now + micros(5);
      client->turn(now, true);
      server->turn(now, false);
    }
  };
  run(kRoundTrips / 10);  // warm, and out of the handshakes
  std::vector<double> figures;
  figures.reserve(kRounds);
  const std::uint64_t before_rounds = allocations;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t begun = __rdtsc();
    run(kRoundTrips);
    figures.push_back(static_cast<double>(__rdtsc() - begun) / static_cast<double>(kRoundTrips) / 2);
  }
  const std::uint64_t during = allocations - before_rounds;
  std::ranges::sort(figures);
  const double median = figures[figures.size() / 2];
  const bool is_well = during == 0 && median <= most;
  std::printf("%s ring %.0f cycles per request and end (median of %d, least %.0f, most %.0f), %llu allocations\n",
              is_well ? "ok" : "FAIL", median, kRounds, figures.front(), figures.back(),
              static_cast<unsigned long long>(during));
  return is_well ? 0 : 1;
}

}  // namespace wp

int main(int argc, char** argv) {
  const bool is_bounded = argc == 3 && std::strcmp(argv[1], "--at-most") == 0;
  if (argc > 1 && !is_bounded) {
    std::fprintf(stderr, "usage: warmpath-tcp-ring [--at-most CYCLES]\n");
    return 2;
  }
  return wp::measure(is_bounded ? std::strtod(argv[2], nullptr) : std::numeric_limits<double>::infinity());
}
