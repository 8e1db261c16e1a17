#include "dataplane/wire/checksum.h"

namespace wp::wire {

// Words are added in the machine's order and two at a time; the sum is turned once, at the end (RFC 1071, 2B and 2C).
Sum scalar_sum(Bytes bytes) {
  std::uint64_t total = 0;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t words = 0;
    std::memcpy(&words, at, 8);
    total += (words & 0xffff'ffffU) + (words >> 32U);
  }
  // Pieces of a known size each: a copy of a length that is not known would be a call.
  if ((left & 4U) != 0) {
    std::uint32_t words = 0;
    std::memcpy(&words, at, 4);
    total += words;
    at += 4;
  }
  if ((left & 2U) != 0) {
    std::uint16_t word = 0;
    std::memcpy(&word, at, 2);
    total += word;
    at += 2;
  }
  if ((left & 1U) != 0) {
    std::uint16_t word = 0;
    std::memcpy(&word, at, 1);
    total += word;
  }
  return Sum(network_order(Sum::folded(total).value()));
}

SumFunction fastest_sum() {
  const SumFunction vector = vector_sum();
  return vector != nullptr ? vector : &scalar_sum;
}

}  // namespace wp::wire
