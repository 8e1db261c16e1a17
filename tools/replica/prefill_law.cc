#include "tools/replica/prefill_law.h"

#include <algorithm>
#include <cmath>

namespace wp::replica {

std::uint32_t PrefillLaw::piece_end(std::uint32_t from, std::uint32_t prompt) const {
  return micro_batch == 0 ? prompt : std::min(prompt, from + micro_batch);
}

// Token i costs 1 for itself and i / double_at for the context before it.
double PrefillLaw::work(std::uint32_t from, std::uint32_t to, bool narrow) const {
  const double a = from;
  const double b = to;
  const double own = b - a;
  const double pairs = (b * b - a * a) / 2;
  if (narrow) return own + (narrow_double_at > 0 ? pairs / narrow_double_at : 0);
  if (double_at <= 0) return own;
  if (attention_tile > 0) return own + tiled(from, to) / double_at;
  return own + pairs / double_at;
}

// Pairs of tokens in the tiles of that piece.
double PrefillLaw::tiled(std::uint32_t from, std::uint32_t to) const {
  double pairs = 0;
  for (std::uint32_t at = from; at < to; at += attention_tile) {
    const std::uint32_t seen = std::min(at + attention_tile, to);
    pairs += attention_tile * std::ceil(static_cast<double>(seen) / attention_tile) * attention_tile;
  }
  return pairs;
}

Duration PrefillLaw::prefill_time(std::uint32_t cached, std::uint32_t prompt) const {
  double sum = 0;
  for (std::uint32_t from = cached; from < prompt;) {
    const std::uint32_t to = piece_end(from, prompt);
    sum += work(from, to, is_narrow(from, to));
    from = to;
  }
  return nanos(std::llround(sum * 1e9 / prefill_rate));
}

std::uint32_t PrefillLaw::prefilled_in(Duration time, std::uint32_t cached, std::uint32_t prompt) const {
  double left = time.seconds() * prefill_rate;
  std::uint32_t from = cached;
  while (from < prompt) {
    const std::uint32_t to = piece_end(from, prompt);
    const bool narrow = is_narrow(from, to);
    if (const double whole = work(from, to, narrow); whole <= left) {
      left -= whole;
      from = to;
      continue;
    }
    std::uint32_t done = from;  // by halves: the most that `left` is enough for
    for (std::uint32_t not_done = to; not_done - done > 1;) {
      const std::uint32_t middle = done + (not_done - done) / 2;
      (work(from, middle, narrow) <= left ? done : not_done) = middle;
    }
    return done - cached;
  }
  return prompt - cached;
}

}  // namespace wp::replica
