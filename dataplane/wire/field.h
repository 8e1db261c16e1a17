// wire: the headers of packets, each twice: a checked view over bytes (FooView::of, bounds, then one getter a field)
// and a plain value (Foo::parse, length, emit) that holds nothing a peer may not send. parse(emit(value)) is the value.
// Whatever is refused has its name in drop.h. Nothing here allocates, keeps state, or knows of connections, devices,
// routes or time; a view or a value with a span is valid as long as the bytes that it was made from.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace wp::wire {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Between host order and network order, either way.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T network_order(T value) {
  if constexpr (std::endian::native == std::endian::little) return std::byteswap(value);
  return value;
}

// A field at a fixed place of a header: an unsigned integer, kept in network order, or an address. The header's size is
// part of its type, so that a field beyond it does not compile; each header lists its fields in one table.
template <class T, std::size_t At>
struct Field {
  static_assert(std::is_trivially_copyable_v<T>);

  template <std::size_t N>
  [[nodiscard]] static T get(std::span<const std::byte, N> header) {
    static_assert(N != std::dynamic_extent && At + sizeof(T) <= N);
    T value;
    std::memcpy(&value, header.data() + At, sizeof value);
    if constexpr (std::unsigned_integral<T>) value = network_order(value);
    return value;
  }

  template <std::size_t N>
  static void set(std::span<std::byte, N> header, T value) {
    static_assert(N != std::dynamic_extent && At + sizeof(T) <= N);
    if constexpr (std::unsigned_integral<T>) value = network_order(value);
    std::memcpy(header.data() + At, &value, sizeof value);
  }
};

// The byte at `at`, which lies inside.
[[nodiscard]] inline std::uint8_t octet(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

}  // namespace wp::wire
