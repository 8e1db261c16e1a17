#include "dataplane/tcp/receive_window.h"

#include <algorithm>

#include "dataplane/wire/tcp_options.h"

namespace wp::tcp {

ReceiveWindow::ReceiveWindow(std::uint32_t limit) : limit_(std::min(limit, 0xffffU << wire::kMaxWindowScale)) {
  while (limit_ >> scale_ > 0xffff) ++scale_;
}

// "MIN( Fr * RCV.BUFF, Eff.snd.MSS ), where Fr is a fraction whose recommended value is 1/2".
std::uint32_t ReceiveWindow::step(std::uint32_t mss) const {
  return std::min(limit_ / 2, mss);
}

bool ReceiveWindow::is_update_due(std::uint32_t credit, std::uint32_t mss) const {
  const wire::SeqNumber reach = next_ + std::min(credit, limit_);
  // Twice the step: acknowledgments carry the small moves.
  return reach - edge_ >= static_cast<std::int32_t>(std::min(limit_ / 2, 2 * step(mss)));
}

std::uint16_t ReceiveWindow::offer(std::uint32_t credit, std::uint32_t mss, bool in_syn) {
  const wire::SeqNumber reach = next_ + std::min(credit, limit_);
  const bool worthwhile = reach - edge_ >= static_cast<std::int32_t>(step(mss));
  const std::uint32_t window = static_cast<std::uint32_t>((worthwhile ? reach : edge_) - next_);
  // Rounded down by the scale, the field may fall short of an edge that was offered before: RFC 7323, section 2.4 has
  // senders bear that, and what they sent up to the old edge is still taken.
  const unsigned shift = in_syn ? 0 : scale_;
  const std::uint32_t field = std::min(window >> shift, 0xffffU);
  edge_ = wire::later(edge_, next_ + (field << shift));
  return static_cast<std::uint16_t>(field);
}

}  // namespace wp::tcp
