// Replies of a hostile replica. The first byte chooses the piece size, the second where the one cut is, the third what
// was asked and small limits; the rest is the connection.
#include <cstdint>

#include "tests/fuzz/invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kControl = 3;
  if (size < kControl) return 0;
  wp::http::test::Terms terms;
  terms.replies = true;
  terms.answered = (data[2] & 8) != 0 ? wp::http::Method::head : wp::http::Method::post;
  terms.limits.head_bytes = (data[2] & 1) != 0 ? 64 : 4096;
  if ((data[2] & 4) != 0) terms.limits.fields = 2;
  wp::http::fuzz::check(terms, {reinterpret_cast<const char*>(data) + kControl, size - kControl}, data[0] % 64,
                        data[1]);
  return 0;
}
