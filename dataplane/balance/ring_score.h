// The score of a member in a slot: -log2(u) / weight of a hash u of the two, the least wins. A member then wins a slot
// with the probability of its share of the weights, and the winner among the others does not depend on it.
//
// All of it is on integers, because rings must be equal on machines whose libraries round logarithms differently.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/rng.h"

namespace wp::balance {

// A hash of slot and member, as good as random: `slot_seed` is mix64(slot).
[[nodiscard]] constexpr std::uint64_t ring_hash(std::uint64_t slot_seed, std::uint64_t identity) {
  return mix64(slot_seed ^ identity);
}

namespace detail {

inline constexpr unsigned kLogBits = 32;    // fraction bits of a logarithm
inline constexpr unsigned kTableBits = 10;  // the table has 2^10 intervals
inline constexpr unsigned kRestBits = 63 - kTableBits;

__extension__ using Wide = unsigned __int128;

// log2 of `mantissa` / 2^63 in [1, 2), rounded down, one bit a squaring. Each squaring drops at most 2^-63 and doubles
// what was dropped before, so after 32 of them the last bit is at most one off.
[[nodiscard]] constexpr std::uint64_t log2_by_squaring(std::uint64_t mantissa) {
  std::uint64_t result = 0;
  for (unsigned bit = 0; bit < kLogBits; ++bit) {
    const Wide square = (Wide{mantissa} * mantissa) >> 63U;
    const bool two_or_more = (square >> 64U) != 0;
    mantissa = static_cast<std::uint64_t>(two_or_more ? square >> 1U : square);
    result = (result << 1U) | (two_or_more ? 1U : 0U);
  }
  return result;
}

[[nodiscard]] constexpr auto make_log2_table() {
  std::array<std::uint64_t, (std::size_t{1} << kTableBits) + 1> table{};
  for (std::size_t i = 0; i + 1 < table.size(); ++i) {
    table[i] = log2_by_squaring((std::uint64_t{1} << 63U) + (std::uint64_t{i} << kRestBits));
  }
  table.back() = std::uint64_t{1} << kLogBits;
  return table;
}

inline constexpr auto kLog2Table = make_log2_table();

}  // namespace detail

// -log2 of the upper 63 bits of `hash` read as a fraction of 2^63, with 32 fraction bits: 1 .. 63 * 2^32.
//
// Interpolated between 1025 points. A chord of a concave curve lies below it, so the result is never too small; it is
// too large by at most 1.8e-7, and by no more than 2.5e-4 of itself and two units of the last bit. Never increasing in
// `hash`, so members of equal weight are ordered by their hashes alone.
[[nodiscard]] constexpr std::uint64_t minus_log2(std::uint64_t hash) {
  const auto& table = detail::kLog2Table;
  const std::uint64_t value = (hash >> 1U) | 1U;
  const auto zeros = static_cast<unsigned>(std::countl_zero(value));
  const std::uint64_t mantissa = value << zeros;
  const auto index = static_cast<std::size_t>((mantissa >> detail::kRestBits) & ((1U << detail::kTableBits) - 1));
  const std::uint64_t rest = (mantissa & ((std::uint64_t{1} << detail::kRestBits) - 1)) >> (detail::kRestBits - 32);
  const std::uint64_t step = table[index + 1] - table[index];  // below 2^23
  const std::uint64_t fraction = table[index] + ((step * rest) >> 32U);
  // value is below 2^63: its exponent is 63 - zeros, and zeros is at least 1.
  return (std::uint64_t{zeros} << detail::kLogBits) - fraction;
}

// Bits of a score. Weights go to 1000: the shift by 10 before the division keeps every bit of the logarithm.
inline constexpr unsigned kScoreBits = 48;

[[nodiscard]] constexpr std::uint64_t ring_score(std::uint64_t hash, std::uint32_t weight) {
  return (minus_log2(hash) << 10U) / weight;
}

static_assert(ring_score(0, 1) < (std::uint64_t{1} << kScoreBits) - 1);
static_assert(ring_score(UINT64_MAX, 1000) > 0);

}  // namespace wp::balance
