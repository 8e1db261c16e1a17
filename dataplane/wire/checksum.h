// The Internet checksum (RFC 1071): sums that can be taken apart and put together, the functions that take them over
// bytes, and who is to check or fill in a packet's checksums, the device or we.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/wire/field.h"

namespace wp::wire {

// A one's complement sum of 16-bit words, in any order. Zero means that all words were zero: an end-around carry never
// makes a zero of anything else, so that any two ways to one sum give the same value.
class Sum {
 public:
  constexpr Sum() = default;
  constexpr explicit Sum(std::uint16_t word) : value_(word) {}

  // Of any number of words that were added up without the end-around carries.
  [[nodiscard]] static constexpr Sum folded(std::uint64_t total) {
    total = (total & 0xffff'ffffU) + (total >> 32U);  // at most 33 bits
    total = (total & 0xffff'ffffU) + (total >> 32U);  // at most 32
    total = (total & 0xffffU) + (total >> 16U);       // at most 17
    total = (total & 0xffffU) + (total >> 16U);
    return Sum(static_cast<std::uint16_t>(total));
  }

  friend constexpr Sum operator+(Sum a, Sum b) {
    const std::uint32_t total = std::uint32_t{a.value_} + b.value_;
    return Sum(static_cast<std::uint16_t>(total + (total >> 16U)));
  }
  friend constexpr bool operator==(Sum, Sum) = default;

  // The same bytes, had they begun one byte later: for a piece that follows an odd number of bytes (RFC 1071, 2B).
  [[nodiscard]] constexpr Sum at_odd_offset() const { return Sum(std::byteswap(value_)); }

  [[nodiscard]] constexpr std::uint16_t value() const { return value_; }
  // What goes into the checksum's field so that the whole adds up.
  [[nodiscard]] constexpr std::uint16_t checksum() const { return static_cast<std::uint16_t>(~value_); }
  // Whether a packet with its checksum in place, and its pseudo header, add up to minus zero.
  [[nodiscard]] constexpr bool is_complete() const { return value_ == 0xffff; }

 private:
  std::uint16_t value_ = 0;
};

// Adds up bytes as 16-bit words in network order, the last odd one as if a zero followed. Below 2^34 bytes; any
// alignment.
using SumFunction = Sum (*)(Bytes);

[[nodiscard]] Sum scalar_sum(Bytes bytes);

// The sum of a field of whole words, such as an address, without a call.
template <std::size_t N>
[[nodiscard]] constexpr Sum field_sum(const std::array<std::uint8_t, N>& octets) {
  static_assert(N % 2 == 0);
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < N; i += 2) total += std::uint32_t{octets[i]} << 8U | octets[i + 1];
  return Sum::folded(total);
}

// The sum in vectors of 32 bytes, or nullptr on a processor without AVX2. Short pieces go to scalar_sum().
[[nodiscard]] SumFunction vector_sum();

// The faster of the two here. Asked once at start and passed on: no choice is made per packet.
[[nodiscard]] SumFunction fastest_sum();

// A checksum after a part of what it covers has changed, without the rest (RFC 1624, equation 3). Both sums are over
// that part, which begins at an even offset. Should everything covered become zero, the result is 0 where the full sum
// gives 0xffff; both stand for zero, and no header here can be all zero.
[[nodiscard]] constexpr std::uint16_t updated_checksum(std::uint16_t checksum, Sum was, Sum is) {
  return (Sum(static_cast<std::uint16_t>(~checksum)) + Sum(was.checksum()) + is).checksum();
}

// How checksums are handled for one packet.
struct Checksums {
  SumFunction sum = &scalar_sum;
  bool verified_by_device = false;  // of a packet that came: IPv4's and TCP's are known to be right, ICMP's are not
  // Of a packet to send: IPv4's is left zero, and TCP's holds the sum of the pseudo header alone, as devices want it.
  bool completed_by_device = false;
};

}  // namespace wp::wire
