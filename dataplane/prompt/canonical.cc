#include "dataplane/prompt/canonical.h"

namespace wp::prompt {

void CanonicalSink::put_little_endian(std::uint64_t value, std::uint32_t size) {
  std::array<char, 8> bytes;
  for (std::uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  put(bytes.data(), size);
}

}  // namespace wp::prompt
