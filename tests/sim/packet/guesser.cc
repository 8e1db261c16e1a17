#include "tests/sim/packet/guesser.h"

#include <algorithm>
#include <cstdlib>

namespace wp::sim::packet {
namespace {

// The clock of RFC 9293, section 3.4.1, and how far off a number is still a hit: 4 s.
constexpr Duration kTick = micros(4);
constexpr std::int32_t kNear = 1 << 20;
constexpr int kNearPort = 8;
// Equal limits in so many seconds are no chance.
constexpr std::size_t kSeconds = 10;

bool is_syn(const std::vector<std::byte>& packet) {
  const bool v4 = (packet.at(0) >> 4U) == std::byte{4};
  return (packet.at((v4 ? 20 : 40) + 13) & std::byte{2}) != std::byte{0};
}

}  // namespace

void Guesser::see(Instant now, const std::vector<std::byte>& packet) {
  if (!is_syn(packet)) return;
  const auto arrived = read_packet(packet);
  if (!arrived) return;
  // As its sender sees it.
  const Opening opening{.at = now,
                        .flow = {.local = arrived->flow.remote, .remote = arrived->flow.local},
                        .initial = arrived->header.sequence};
  const std::uint16_t port =
      arrived->header.flags.has(wire::TcpFlag::ack) ? opening.flow.remote.port : opening.flow.local.port;
  if (!known_.insert({port, opening.initial.value()}).second) return;
  if (last_ && last_->flow != opening.flow) {
    const auto ticks = static_cast<std::uint32_t>((now - last_->at).ns / kTick.ns);
    ++numbers_.made;
    numbers_.right += std::abs(opening.initial - (last_->initial + ticks)) < kNear ? 1U : 0U;
    if (!arrived->header.flags.has(wire::TcpFlag::ack)) {
      ++ports_.made;
      ports_.right += std::abs(int{opening.flow.local.port} - last_->flow.local.port) <= kNearPort ? 1U : 0U;
    }
  }
  last_ = opening;
}

void Guesser::see_challenges(Instant now, std::uint64_t sent, std::uint64_t refused) {
  if (sent == sent_ && refused == refused_) return;
  if (now >= second_ends_) {
    if (was_refused_) limits_.push_back(sent_this_second_);
    second_ends_ = now + seconds(1);
    sent_this_second_ = 0;
    was_refused_ = false;
  }
  sent_this_second_ += sent - sent_;
  were_too_many_ = were_too_many_ || sent_this_second_ > most_challenges_;
  was_refused_ = was_refused_ || refused != refused_;
  sent_ = sent;
  refused_ = refused;
}

std::string Guesser::verdict() const {
  if (were_too_many_) return "more challenges were sent in a second than the limit allows";
  if (numbers_.are_good()) return "the next initial sequence number could be guessed";
  if (ports_.are_good()) return "the next source port could be guessed";
  const bool is_fixed = limits_.size() >= kSeconds && std::ranges::count(limits_, limits_[0]) == std::ssize(limits_);
  return is_fixed ? "the limit over all challenges is the same each second" : "";
}

}  // namespace wp::sim::packet
