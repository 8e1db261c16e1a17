// Requests of a hostile client. The first byte chooses the piece size, the second where the one cut is, the third small
// limits, so that their edges are met; the rest is the connection.
#include <cstdint>

#include "tests/fuzz/invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kControl = 3;
  if (size < kControl) return 0;
  wp::http::test::Terms terms;
  terms.limits.head_bytes = 4096;
  terms.limits.target_bytes = 512;
  if ((data[2] & 1) != 0) terms.limits.head_bytes = 64;
  if ((data[2] & 2) != 0) terms.limits.target_bytes = 16;
  if ((data[2] & 4) != 0) terms.limits.fields = 2;
  wp::http::fuzz::check(terms, {reinterpret_cast<const char*>(data) + kControl, size - kControl}, data[0] % 64,
                        data[1]);
  return 0;
}
