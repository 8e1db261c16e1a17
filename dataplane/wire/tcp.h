// TCP's header (RFC 9293, section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "dataplane/wire/checksum.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/seq.h"
#include "dataplane/wire/tcp_options.h"

namespace wp::wire {

namespace tcp_field {
inline constexpr Field<std::uint16_t, 0> kSourcePort{};
inline constexpr Field<std::uint16_t, 2> kDestinationPort{};
inline constexpr Field<std::uint32_t, 4> kSequence{};
inline constexpr Field<std::uint32_t, 8> kAcknowledgment{};
inline constexpr Field<std::uint8_t, 12> kDataOffset{};  // words in the upper four bits; the lower are reserved
inline constexpr Field<std::uint8_t, 13> kFlags{};
inline constexpr Field<std::uint16_t, 14> kWindow{};
inline constexpr Field<std::uint16_t, 16> kChecksum{};
inline constexpr Field<std::uint16_t, 18> kUrgentPointer{};
inline constexpr std::size_t kLength = 20;
}  // namespace tcp_field

enum class TcpFlag : std::uint8_t { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128 };

// A set of flags. Which make sense together is the connection's to judge: each combination can come.
class TcpFlags {
 public:
  constexpr TcpFlags() = default;
  constexpr explicit TcpFlags(std::uint8_t bits) : bits_(bits) {}
  constexpr TcpFlags(std::initializer_list<TcpFlag> flags) {
    for (const TcpFlag flag : flags) add(flag);
  }

  constexpr void add(TcpFlag flag) { bits_ |= static_cast<std::uint8_t>(flag); }
  [[nodiscard]] constexpr bool has(TcpFlag flag) const { return (bits_ & static_cast<std::uint8_t>(flag)) != 0; }
  [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
  friend constexpr bool operator==(TcpFlags, TcpFlags) = default;

 private:
  std::uint8_t bits_ = 0;
};

class TcpView {
 public:
  // Refuses: truncated, bad_header_length.
  [[nodiscard]] static Parsed<TcpView> of(Bytes segment);

  [[nodiscard]] std::uint16_t source_port() const { return tcp_field::kSourcePort.get(fixed()); }
  [[nodiscard]] std::uint16_t destination_port() const { return tcp_field::kDestinationPort.get(fixed()); }
  [[nodiscard]] SeqNumber sequence() const { return SeqNumber(tcp_field::kSequence.get(fixed())); }
  [[nodiscard]] SeqNumber acknowledgment() const { return SeqNumber(tcp_field::kAcknowledgment.get(fixed())); }
  [[nodiscard]] std::size_t header_length() const { return std::size_t{tcp_field::kDataOffset.get(fixed())} / 16 * 4; }
  [[nodiscard]] TcpFlags flags() const { return TcpFlags(tcp_field::kFlags.get(fixed())); }
  [[nodiscard]] std::uint16_t window() const { return tcp_field::kWindow.get(fixed()); }
  [[nodiscard]] std::uint16_t urgent_pointer() const { return tcp_field::kUrgentPointer.get(fixed()); }
  [[nodiscard]] Bytes options() const {
    return segment_.subspan(tcp_field::kLength, header_length() - tcp_field::kLength);
  }
  [[nodiscard]] Bytes payload() const { return segment_.subspan(header_length()); }
  [[nodiscard]] Bytes segment() const { return segment_; }

 private:
  explicit TcpView(Bytes segment) : segment_(segment) {}
  [[nodiscard]] std::span<const std::byte, tcp_field::kLength> fixed() const {
    return segment_.first<tcp_field::kLength>();
  }

  Bytes segment_;
};

struct TcpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SeqNumber sequence{};
  SeqNumber acknowledgment{};  // of no meaning without ACK
  TcpFlags flags{};
  std::uint16_t window = 0;          // as it stands there, not scaled
  std::uint16_t urgent_pointer = 0;  // of no meaning without URG
  TcpOptions options{};

  // `pseudo` is IP's pseudo_sum(). Refuses: bad_checksum, bad_tcp_option.
  [[nodiscard]] static Parsed<TcpHeader> parse(const TcpView& view, Sum pseudo, const Checksums& checksums);
  // With options, without payload.
  [[nodiscard]] std::size_t length() const { return tcp_field::kLength + options.length(); }
  // Writes the first length() bytes of `out`. `beside` is the sum of all that the checksum covers beside the header:
  // the pseudo header (whose length includes the payload's) and the payload; the pseudo header alone where the device
  // completes the checksum.
  void emit(MutableBytes out, Sum beside, const Checksums& checksums) const;
  friend bool operator==(const TcpHeader&, const TcpHeader&) = default;
};

// RFC 9293's SEG.LEN: what a segment takes of the sequence space.
[[nodiscard]] constexpr std::uint32_t sequence_length(TcpFlags flags, std::uint32_t payload) {
  return payload + (flags.has(TcpFlag::syn) ? 1U : 0U) + (flags.has(TcpFlag::fin) ? 1U : 0U);
}

}  // namespace wp::wire
