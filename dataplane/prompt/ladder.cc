#include "dataplane/prompt/ladder.h"

#include <algorithm>

#include "dataplane/base/assert.h"

namespace wp::prompt {

void Ladder::start(std::uint64_t key, const StreamMarks& marks, std::span<const std::string_view> segments,
                   std::uint32_t bytes) {
  hash_.start(key);
  segments_ = segments;
  taken_ = 0;
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
  if (opening > 0) add({.end = opening, .rung = true});
  if (marks.asked) add({.end = marks.question, .rung = true, .question = true});
  const std::uint32_t chunk = std::min(bytes, kFirstChunkBytes);
  add({.end = marks.asked ? std::min(chunk, marks.question) : chunk, .chunk = true});
  const std::uint32_t turns = std::min<std::uint32_t>(marks.turns, kEnds);
  for (std::uint32_t i = 0; i < turns; ++i) add({.end = marks.turn_ends[i], .turn_end = true});
  if (turns == 0 && bytes > 0) add({.end = bytes, .turn_end = true});

  const auto stops = std::span(stops_).first(size);
  std::ranges::sort(stops, {}, &Stop::end);
  stops_size_ = 1;
  for (const Stop& stop : stops.subspan(1)) {
    if (Stop& last = stops_[stops_size_ - 1]; last.end == stop.end) {
      last.rung |= stop.rung;
      last.turn_end |= stop.turn_end;
      last.chunk |= stop.chunk;
      last.question |= stop.question;
    } else {
      stops_[stops_size_++] = stop;
    }
  }
}

bool Ladder::step(std::uint32_t budget) {
  while (next_stop_ < stops_size_) {
    const Stop& stop = stops_[next_stop_];
    while (hashed_ < stop.end) {
      if (budget == 0) return false;
      WP_ASSERT(!segments_.empty());
      const std::string_view rest = segments_.front().substr(taken_);
      const auto size = static_cast<std::uint32_t>(std::min<std::size_t>({rest.size(), stop.end - hashed_, budget}));
      hash_.add(rest.substr(0, size));
      hashed_ += size;
      budget -= size;
      taken_ += size;
      if (size == rest.size()) {
        segments_ = segments_.subspan(1);
        taken_ = 0;
      }
    }
    note(stop);
    ++next_stop_;
  }
  return true;
}

void Ladder::note(const Stop& stop) {
  const std::uint64_t hash = hash_.value();
  if (stop.rung) ladder_[ladder_size_++] = {hash, stop.end};
  if (stop.turn_end) ends_[ends_size_++] = {hash, stop.end};
  if (stop.chunk) first_chunk_ = hash;
  if (stop.question) question_ = hash;
}

}  // namespace wp::prompt
