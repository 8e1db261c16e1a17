// TCP's options: those of RFC 9293, RFC 7323 (window scale, timestamps) and RFC 2018 (SACK).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/assert.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/seq.h"

namespace wp::wire {

// The data offset has four bits: options take what 15 words leave beside the fixed header.
inline constexpr std::size_t kMaxTcpOptions = 40;
// RFC 7323, section 2.3: windows stay below 2^30.
inline constexpr std::uint8_t kMaxWindowScale = 14;

struct TcpTimestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  friend bool operator==(const TcpTimestamps&, const TcpTimestamps&) = default;
};

// Received and held: [left, right). That left comes before right is for who knows the window to check.
struct SackBlock {
  SeqNumber left{};
  SeqNumber right{};
  friend bool operator==(const SackBlock&, const SackBlock&) = default;
};

// In the order of the segment: the first holds what arrived last (RFC 2018, section 4).
class SackBlocks {
 public:
  static constexpr std::size_t kMax = 4;

  [[nodiscard]] std::span<const SackBlock> all() const { return std::span(blocks_).first(count_); }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  void clear() { count_ = 0; }
  void push_back(SackBlock block) {
    WP_ASSERT(count_ < kMax);
    blocks_[count_] = block;
    ++count_;
  }
  friend bool operator==(const SackBlocks& a, const SackBlocks& b) { return std::ranges::equal(a.all(), b.all()); }

 private:
  std::array<SackBlock, kMax> blocks_{};
  std::uint8_t count_ = 0;
};

struct TcpOptions {
  std::optional<std::uint16_t> mss{};          // bytes
  std::optional<std::uint8_t> window_scale{};  // at most kMaxWindowScale
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps{};
  SackBlocks sacks{};

  // Of an option that stands twice the last one counts. Options that belong into a SYN are read from any segment: whose
  // place it is, the connection knows. Refuses: bad_tcp_option.
  [[nodiscard]] static Parsed<TcpOptions> parse(Bytes bytes);
  // A multiple of four, with what pads it; not above kMaxTcpOptions, or it cannot be emitted: beside timestamps there
  // is place for three SACK blocks.
  [[nodiscard]] std::size_t length() const;
  // Writes the first length() bytes of `out`.
  void emit(MutableBytes out) const;
  friend bool operator==(const TcpOptions&, const TcpOptions&) = default;

 private:
  [[nodiscard]] bool read(std::uint8_t kind, Bytes data);
};

}  // namespace wp::wire
