#include "dataplane/proxy/usage_cut.h"

#include <algorithm>
#include <cstring>

#include "dataplane/base/assert.h"

namespace wp::proxy {

UsageCut::Plan UsageCut::take(stream::Bytes piece, http::SseScanner& scanner, ReplyUsage& usage) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  Plan plan;
  std::uint32_t at = 0;
  const std::uint32_t line_feed = piece.front() == std::byte{'\n'} ? 1 : 0;
  event_from_ = half_ended_ ? line_feed : 0;
  half_ended_ = false;
  if (state_ == State::line_feed) {
    plan.drop_to = line_feed;
    state_ = State::off;
  }
  while (at < size) step(piece, at, plan, scanner, usage);
  plan.hold_from = size;
  if (state_ == State::dropping) plan.drop_to = size;
  if (state_ == State::watching && event_from_ < size) {
    if (may_hold(size - event_from_, usage)) {
      plan.hold_from = event_from_;
    } else {
      other_ = true;
    }
  }
  // Held bytes belong to the event that the piece begins in.
  plan.release = !held_.empty() && !plan.drop && (event_from_ > 0 || plan.hold_from > 0);
  return plan;
}

// Up to the end of a data line, a blank line or the piece.
void UsageCut::step(stream::Bytes piece, std::uint32_t& at, Plan& plan, http::SseScanner& scanner, ReplyUsage& usage) {
  const http::SseScanner::Step next = scanner.step(piece.subspan(at));
  usage.take(next);
  at += next.taken;
  if (next.data_ended && state_ == State::watching) {
    if (usage.told_alone() && !other_) {
      state_ = State::dropping;
      cut_ = true;
      plan.drop_from = event_from_;
      plan.drop = event_from_ == 0;
    } else {
      other_ = true;
    }
  }
  if (!next.blank) return;
  other_ = false;
  event_from_ = at;
  if (piece[at - 1] == std::byte{'\r'}) {
    half_ended_ = at == piece.size();
    if (!half_ended_ && piece[at] == std::byte{'\n'}) ++event_from_;
  }
  if (state_ == State::dropping) {
    plan.drop_to = event_from_;
    state_ = half_ended_ ? State::line_feed : State::off;
  } else if (next.event) {
    ++plan.events;
  }
}

bool UsageCut::may_hold(std::uint32_t bytes, const ReplyUsage& usage) const {
  return !other_ && usage.may_tell_alone() && held_.size() + bytes <= kMostHeld;
}

void UsageCut::hold(stream::Bytes bytes, stream::SlicePool& slabs) {
  const std::uint32_t before = held_.size();
  if (!held_.owns()) held_ = slabs.take();
  WP_ASSERT(held_.owns() && before + bytes.size() <= kMostHeld);
  std::memcpy(held_.writable().data() + before, bytes.data(), bytes.size());
  held_.set_range(0, before + static_cast<std::uint32_t>(bytes.size()));
}

}  // namespace wp::proxy
