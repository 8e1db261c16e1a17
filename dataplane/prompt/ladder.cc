#include "dataplane/prompt/ladder.h"

#include <algorithm>
#include <bit>

#include "dataplane/base/assert.h"

namespace wp::prompt {
namespace {

constexpr std::int64_t kStopCost = 1024;    // of a digest in the middle
constexpr std::int64_t kSegmentCost = 128;  // of beginning another piece

}  // namespace

void Ladder::start(std::uint64_t key, const StreamMarks& marks, std::span<const Segment> segments,
                   std::uint32_t bytes) {
  hash_.start(key);
  segments_ = segments;
  taken_ = 0;
  medium_read_ = 0;
  hashed_ = 0;
  next_stop_ = 0;
  ladder_size_ = 0;
  ends_size_ = 0;
  question_ = 0;
  plan(marks, bytes);
}

void Ladder::plan(const StreamMarks& marks, std::uint32_t bytes) {
  std::uint32_t size = 0;
  const auto add = [&](const Stop& stop) { stops_[size++] = stop; };
  std::uint32_t offset = kFirstRung;
  for (std::uint32_t i = 0; i < kGeometric && offset <= bytes; ++i, offset += offset / 4) {
    add({.end = offset, .rung = true});
  }
  // A body of nothing but a preamble has the same rung at its end as one that goes on there.
  const std::uint32_t opening = marks.opened ? marks.opening : bytes;
  if (opening > 0) add({.end = opening, .rung = true, .meant = true});
  if (marks.asked) add({.end = marks.question, .rung = true, .meant = true, .question = true});
  const std::uint32_t chunk = std::min(bytes, kFirstChunkBytes);
  add({.end = marks.asked ? std::min(chunk, marks.question) : chunk, .chunk = true});
  const std::uint32_t turns = std::min<std::uint32_t>(marks.turns, kEnds);
  for (std::uint32_t i = 0; i < turns; ++i) add({.end = marks.turn_ends[i], .meant = true, .turn_end = true});
  if (turns == 0 && bytes > 0) add({.end = bytes, .meant = true, .turn_end = true});

  const auto stops = std::span(stops_).first(size);
  std::ranges::sort(stops, {}, &Stop::end);
  stops_size_ = 1;
  for (const Stop& stop : stops.subspan(1)) {
    if (Stop& last = stops_[stops_size_ - 1]; last.end == stop.end) {
      last.rung |= stop.rung;
      last.meant |= stop.meant;
      last.turn_end |= stop.turn_end;
      last.chunk |= stop.chunk;
      last.question |= stop.question;
    } else {
      stops_[stops_size_++] = stop;
    }
  }
}

bool Ladder::step(Budget& budget) {
  for (; next_stop_ < stops_size_; ++next_stop_) {
    const Stop& stop = stops_[next_stop_];
    if (!climb(stop.end, budget)) return false;
    budget.spend(kStopCost);
    note(stop);
  }
  return true;
}

bool Ladder::climb(std::uint32_t end, Budget& budget) {
  while (hashed_ < end) {
    if (budget.spent()) return false;
    WP_ASSERT(!segments_.empty());
    const Segment& segment = segments_.front();
    if (segment.words > 0 && !read_medium(segment, budget)) return false;
    const std::string_view rest = front();
    const auto size = static_cast<std::uint32_t>(std::min<std::int64_t>(
        {static_cast<std::int64_t>(rest.size()), end - hashed_, std::max<std::int64_t>(budget.left(), 1)}));
    hash_.add(rest.substr(0, size));
    hashed_ += size;
    taken_ += size;
    budget.spend(size + kSegmentCost);
    const std::size_t whole = segment.words > 0 ? std::size_t{segment.words} * 8 : segment.text.size();
    if (taken_ == whole) {
      segments_ = segments_.subspan(1);
      taken_ = 0;
      medium_read_ = 0;
    }
  }
  return true;
}

// Hashes the medium's text as the budget allows. True: its words are known.
bool Ladder::read_medium(const Segment& medium, Budget& budget) {
  const std::string_view text = medium.text;
  if (medium_read_ == text.size()) return true;
  if (medium_read_ == 0) medium_hash_.start(0);
  const auto size = std::min<std::int64_t>(static_cast<std::int64_t>(text.size() - medium_read_),
                                           std::max<std::int64_t>(budget.left(), 1));
  medium_hash_.add(text.substr(medium_read_, static_cast<std::size_t>(size)));
  medium_read_ += static_cast<std::size_t>(size);
  budget.spend(size);
  if (medium_read_ < text.size()) return false;
  static_assert(std::endian::native == std::endian::little);  // the stream's words are
  medium_words_.fill(medium_hash_.value());
  return true;
}

// What can be hashed next in one piece.
std::string_view Ladder::front() const {
  const Segment& segment = segments_.front();
  if (segment.words == 0) return segment.text.substr(taken_);
  const std::size_t skip = taken_ % 8;
  const std::size_t left = std::size_t{segment.words} * 8 - taken_;
  return {reinterpret_cast<const char*>(medium_words_.data()) + skip, std::min(left, sizeof medium_words_ - skip)};
}

void Ladder::note(const Stop& stop) {
  const std::uint64_t hash = hash_.value();
  if (stop.rung) ladder_[ladder_size_++] = {hash, stop.end, !stop.meant};
  if (stop.turn_end) ends_[ends_size_++] = {hash, stop.end, !stop.meant};
  if (stop.chunk) first_chunk_ = hash;
  if (stop.question) question_ = hash;
}

}  // namespace wp::prompt
