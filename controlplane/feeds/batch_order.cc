#include "controlplane/feeds/batch_order.h"

namespace wp::feeds {

BatchOrder::Verdict BatchOrder::published(std::uint64_t number, std::uint64_t digest) {
  const bool back = published_ && number <= *published_;
  published_ = number;
  if (back) {
    last_.reset();
    whole_ = false;
    return Verdict::anew;
  }
  if (number != (last_ ? last_->number + 1 : 0)) return Verdict::skip;
  last_ = {number, digest};
  return Verdict::apply;
}

std::uint64_t BatchOrder::ask() {
  asked_ = last_;
  asking_ = true;
  answered_ = false;
  return asked_ ? asked_->number : 0;
}

BatchOrder::Verdict BatchOrder::replayed(std::uint64_t number, std::uint64_t digest) {
  if (!asking_) return Verdict::skip;
  const bool first = !answered_;
  answered_ = true;
  if (first && asked_) {
    // The live feed may have begun anew meanwhile, which begins with what is asked for next.
    if (Batch{number, digest} == *asked_ || !last_) return Verdict::skip;
    last_ = {number, digest};
    return Verdict::apply_anew;
  }
  if (asked_ && !last_) return Verdict::skip;
  if (last_ && number <= last_->number) return Verdict::skip;
  const bool next = !last_ || number == last_->number + 1;
  last_ = {number, digest};
  return next ? Verdict::apply : Verdict::apply_anew;
}

BatchOrder::Verdict BatchOrder::replay_ended() {
  if (!asking_) return Verdict::skip;
  asking_ = false;
  const bool restarted = asked_ && !last_;  // by the live feed
  whole_ = !restarted;
  if (answered_ || !asked_ || restarted) return Verdict::skip;
  last_.reset();
  published_.reset();
  return Verdict::anew;
}

void BatchOrder::replay_failed() {
  asking_ = false;
  whole_ = false;
}

}  // namespace wp::feeds
