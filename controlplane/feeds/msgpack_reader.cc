#include "controlplane/feeds/msgpack_reader.h"

#include <bit>

namespace wp::feeds {
namespace {

using Kind = MsgpackValue::Kind;

MsgpackValue natural(std::uint64_t number) {
  return {.kind = Kind::natural, .natural = number};
}

// `number`: the value's two's complement, sign extended.
MsgpackValue signed_of(std::int64_t number) {
  if (number >= 0) return natural(static_cast<std::uint64_t>(number));
  return {.kind = Kind::integer, .integer = number};
}

MsgpackValue real(double number) {
  return {.kind = Kind::real, .real = number};
}

}  // namespace

std::string_view MsgpackReader::take(std::size_t bytes) {
  if (bytes > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return taken;
}

// Big endian.
std::uint64_t MsgpackReader::take_number(std::size_t bytes) {
  std::uint64_t number = 0;
  for (const char c : take(bytes)) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

MsgpackValue MsgpackReader::sized(Kind kind, std::uint64_t size) {
  MsgpackValue value{.kind = kind};
  if (kind == Kind::array || kind == Kind::map) {
    value.size = static_cast<std::uint32_t>(size);
  } else {
    value.text = take(size);
  }
  return value;
}

MsgpackValue MsgpackReader::next() {
  const std::string_view first = take(1);
  if (first.empty()) {
    good_ = false;
    return {};
  }
  const auto head = static_cast<std::uint8_t>(first.front());
  MsgpackValue value;
  if (head < 0x80) {
    value = natural(head);
  } else if (head < 0x90) {
    value = sized(Kind::map, head & 0x0fU);
  } else if (head < 0xa0) {
    value = sized(Kind::array, head & 0x0fU);
  } else if (head < 0xc0) {
    value = sized(Kind::text, head & 0x1fU);
  } else if (head >= 0xe0) {
    value = signed_of(static_cast<std::int8_t>(head));
  } else {
    value = read_long(head);
  }
  return good_ ? value : MsgpackValue{};
}

MsgpackValue MsgpackReader::read_long(std::uint8_t head) {
  switch (head) {
    case 0xc0: return {.kind = Kind::nil};
    case 0xc2: return {.kind = Kind::boolean};
    case 0xc3: return {.kind = Kind::boolean, .truth = true};
    case 0xc4: return sized(Kind::bytes, take_number(1));
    case 0xc5: return sized(Kind::bytes, take_number(2));
    case 0xc6: return sized(Kind::bytes, take_number(4));
    // An extension has its type before its bytes.
    case 0xc7: return sized(Kind::extension, take_number(1) + 1);
    case 0xc8: return sized(Kind::extension, take_number(2) + 1);
    case 0xc9: return sized(Kind::extension, take_number(4) + 1);
    case 0xca: return real(std::bit_cast<float>(static_cast<std::uint32_t>(take_number(4))));
    case 0xcb: return real(std::bit_cast<double>(take_number(8)));
    case 0xcc: return natural(take_number(1));
    case 0xcd: return natural(take_number(2));
    case 0xce: return natural(take_number(4));
    case 0xcf: return natural(take_number(8));
    case 0xd0: return signed_of(static_cast<std::int8_t>(take_number(1)));
    case 0xd1: return signed_of(static_cast<std::int16_t>(take_number(2)));
    case 0xd2: return signed_of(static_cast<std::int32_t>(take_number(4)));
    case 0xd3: return signed_of(static_cast<std::int64_t>(take_number(8)));
    case 0xd4: return sized(Kind::extension, 2);
    case 0xd5: return sized(Kind::extension, 3);
    case 0xd6: return sized(Kind::extension, 5);
    case 0xd7: return sized(Kind::extension, 9);
    case 0xd8: return sized(Kind::extension, 17);
    case 0xd9: return sized(Kind::text, take_number(1));
    case 0xda: return sized(Kind::text, take_number(2));
    case 0xdb: return sized(Kind::text, take_number(4));
    case 0xdc: return sized(Kind::array, take_number(2));
    case 0xdd: return sized(Kind::array, take_number(4));
    case 0xde: return sized(Kind::map, take_number(2));
    case 0xdf: return sized(Kind::map, take_number(4));
    default: break;  // 0xc1, which is never used
  }
  good_ = false;
  return {};
}

bool MsgpackReader::skip(std::uint32_t depth) {
  const MsgpackValue value = next();
  return value.kind != Kind::none && skip_inside(value, depth);
}

bool MsgpackReader::skip_inside(const MsgpackValue& head, std::uint32_t depth) {
  const std::uint64_t values = head.kind == Kind::map ? std::uint64_t{head.size} * 2 : head.size;
  if (values > 0 && depth >= kMaxDepth) good_ = false;
  for (std::uint64_t i = 0; i < values && good_; ++i) static_cast<void>(skip(depth + 1));
  return good_;
}

}  // namespace wp::feeds
