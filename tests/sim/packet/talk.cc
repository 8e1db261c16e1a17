#include "tests/sim/packet/talk.h"

#include <algorithm>
#include <vector>

namespace wp::sim::packet {
namespace {

std::byte spoken(std::uint32_t talk, unsigned side, std::uint32_t at) {
  // Changes with every byte and never repeats within a window.
  const std::uint32_t mixed = (at ^ talk * 2'654'435'761U ^ side << 31U) * 2'246'822'519U;
  return static_cast<std::byte>(mixed >> 24U ^ at >> 8U);
}

}  // namespace

void Speaker::behave() {
  shape_.reads = 1;
  shape_.abort_after[0] = shape_.abort_after[1] = UINT32_MAX;
}

// Most of a world's time goes by here: a loop without branches, and a look for the byte only where one is wrong.
void Speaker::check(stream::Bytes bytes) {
  const std::uint32_t unheard = shape_.sends[1 - side_] - std::min(received_, shape_.sends[1 - side_]);
  if (bytes.size() > unheard) complaint_ = "more bytes than were sent";
  const std::size_t n = std::min<std::size_t>(bytes.size(), unheard);
  const auto is_other = [&](std::size_t i) {
    return bytes[i] != spoken(talk_, 1 - side_, received_ + static_cast<std::uint32_t>(i));
  };
  unsigned others = 0;
  for (std::size_t i = 0; i < n; ++i) others |= is_other(i) ? 1U : 0U;
  if (others == 0) return;
  std::size_t at = 0;
  while (!is_other(at)) ++at;
  complaint_ = "byte " + std::to_string(received_ + at) + " is another";
}

void Speaker::read(stream::StreamPort& port, Rng& rng) {
  if (!rng.chance(shape_.reads)) return;
  std::uint32_t left = 1 + rng.below(shape_.read_max);
  while (left > 0 && !port.rx().empty()) {
    const stream::Bytes bytes = port.rx().front().bytes();
    const auto n = std::min(left, static_cast<std::uint32_t>(bytes.size()));
    if (shape_.is_checked && complaint_.empty()) check(bytes.first(n));
    received_ += n;
    left -= n;
    port.consume(n);
  }
}

void Speaker::write(stream::StreamPort& port, Rng& rng) {
  while (sent_ < shape_.sends[side_] && port.tx_credit() > 0) {
    const std::uint32_t n = std::min({1 + rng.below(shape_.write_max), shape_.sends[side_] - sent_, port.tx_credit()});
    std::vector<std::byte> bytes(n);
    for (std::uint32_t i = 0; i < n; ++i) bytes[i] = spoken(talk_, side_, sent_ + i);
    if (!port.append(bytes)) break;
    sent_ += n;
    if (rng.chance(0.3)) break;
  }
  if (sent_ < shape_.sends[side_]) port.notify_writable();
}

bool Speaker::is_dawdling(const stream::StreamPort& port) const {
  return !ended_ && (!port.rx().empty() || (port.is_open() && sent_ < shape_.sends[side_] && port.tx_credit() > 0));
}

bool Speaker::run(stream::StreamPort& port, Rng& rng) {
  static_cast<void>(port.take_events());
  if (port.is_open()) read(port, rng);
  if (port.failed()) {
    failed_ = true;
    ended_ = true;
    port.close();
    return false;
  }
  if (!port.is_open()) return true;
  if (received_ + sent_ >= shape_.abort_after[side_]) {
    failed_ = true;
    ended_ = true;
    port.abort(Reason::client_closed);
    return false;
  }
  if (!finished_) {
    write(port, rng);
    const bool may = side_ == 0 || !shape_.server_waits || (port.peer_closed() && port.rx().empty());
    if (sent_ == shape_.sends[side_] && may) {
      finished_ = true;
      port.finish();
    }
  }
  if (finished_ && port.peer_closed() && port.rx().empty()) {
    if (shape_.is_checked && received_ < shape_.sends[1 - side_] && complaint_.empty())
      complaint_ = "the peer's FIN came too early";
    ended_ = true;
    port.close();
    return false;
  }
  return true;
}

}  // namespace wp::sim::packet
