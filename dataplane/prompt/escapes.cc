#include "dataplane/prompt/escapes.h"

namespace wp::prompt {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

constexpr std::array<std::uint8_t, 256> make_hex() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(0xFF);
  for (unsigned i = 0; i < 10; ++i) digits['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}
constexpr std::array<std::uint8_t, 256> kHex = make_hex();

// Four hexadecimal digits; kNone when they are not.
std::uint32_t read_unit(const char* at) {
  std::uint32_t unit = 0;
  std::uint32_t wrong = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t digit = kHex[static_cast<unsigned char>(at[i])];
    wrong |= digit;
    unit = (unit << 4U) | (digit & 0xFU);
  }
  return (wrong & 0xF0U) != 0 ? kNone : unit;
}

char byte(std::uint32_t lead, std::uint32_t bits) {
  return static_cast<char>(lead | bits);
}

Escape encode(std::uint32_t taken, std::uint32_t point) {
  const auto tail = [point](unsigned shift) { return byte(0x80, (point >> shift) & 0x3FU); };
  if (point < 0x80) return {taken, 1, {static_cast<char>(point)}};
  if (point < 0x800) return {taken, 2, {byte(0xC0, point >> 6U), tail(0)}};
  if (point < 0x10000) return {taken, 3, {byte(0xE0, point >> 12U), tail(6), tail(0)}};
  return {taken, 4, {byte(0xF0, point >> 18U), tail(12), tail(6), tail(0)}};
}

}  // namespace

Escape read_escape(const char* at) {
  if (at[1] != 'u') return {};
  const std::uint32_t unit = read_unit(at + 2);
  if (unit == kNone || (unit >= 0xDC00 && unit < 0xE000)) return {};
  if (unit < 0xD800 || unit >= 0xE000) return encode(6, unit);
  if (at[6] != '\\' || at[7] != 'u') return {};
  const std::uint32_t low = read_unit(at + 8);
  if (low == kNone || low < 0xDC00 || low >= 0xE000) return {};
  return encode(12, 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00));
}

}  // namespace wp::prompt
