#include "dataplane/wire/tcp_options.h"

#include <algorithm>

namespace wp::wire {
namespace {

constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kNothing = 1;
constexpr std::uint8_t kMss = 2;
constexpr std::uint8_t kWindowScale = 3;
constexpr std::uint8_t kSackPermitted = 4;
constexpr std::uint8_t kSack = 5;
constexpr std::uint8_t kTimestamps = 8;

// Lengths as they stand in the option: with its kind and the length itself.
constexpr std::uint8_t kMssLength = 4;
constexpr std::uint8_t kWindowScaleLength = 3;
constexpr std::uint8_t kSackPermittedLength = 2;
constexpr std::uint8_t kTimestampsLength = 10;
constexpr std::size_t kBlockLength = 8;

constexpr Field<std::uint32_t, 0> kFirstWord{};
constexpr Field<std::uint32_t, 4> kSecondWord{};

constexpr std::uint32_t word_of(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// How timestamps alone stand in nearly every segment (RFC 7323, appendix A).
constexpr std::uint32_t kOnlyTimestamps = word_of(kNothing, kNothing, kTimestamps, kTimestampsLength);
constexpr std::size_t kOnlyTimestampsLength = 12;

TcpTimestamps timestamps_at(std::span<const std::byte, kBlockLength> data) {
  return {.value = kFirstWord.get(data), .echo = kSecondWord.get(data)};
}

// Writes whole words, one after another.
class Words {
 public:
  explicit Words(MutableBytes out) : out_(out) {}
  void put(std::uint32_t word) {
    kFirstWord.set(out_.first<4>(), word);
    out_ = out_.subspan(4);
  }

 private:
  MutableBytes out_;
};

}  // namespace

// An option of a kind that is known here; false if its length is not that kind's. Others are skipped (MUST-6: "ignore
// without error any TCP Option it does not implement, assuming that the option has a length field").
bool TcpOptions::read(std::uint8_t kind, Bytes data) {
  switch (kind) {
    case kMss:
      if (data.size() != kMssLength - 2) return false;
      mss = Field<std::uint16_t, 0>::get(data.first<2>());
      return true;
    case kWindowScale:
      if (data.size() != kWindowScaleLength - 2) return false;
      // RFC 7323, section 2.3: of a shift above 14 "the TCP SHOULD log the error but MUST use 14 instead".
      window_scale = std::min(octet(data, 0), kMaxWindowScale);
      return true;
    case kSackPermitted: sack_permitted = true; return data.empty();
    case kTimestamps:
      if (data.size() != kTimestampsLength - 2) return false;
      timestamps = timestamps_at(data.first<kBlockLength>());
      return true;
    case kSack:
      if (data.empty() || data.size() % kBlockLength != 0) return false;
      sacks.clear();
      for (; !data.empty(); data = data.subspan(kBlockLength)) {
        const auto block = data.first<kBlockLength>();
        sacks.push_back({SeqNumber(kFirstWord.get(block)), SeqNumber(kSecondWord.get(block))});
      }
      return true;
    default: return true;
  }
}

// RFC 9293, section 3.2, MUST-7: "TCP implementations MUST be prepared to handle an illegal option length (e.g., zero);
// a suggested procedure is to reset the connection and log the error cause." The segment is dropped and counted under
// that cause. It does not reset: nothing in it has been found to be the peer's yet, and what one forged segment can do
// to a connection is what RFC 5961 bounds.
Parsed<TcpOptions> TcpOptions::parse(Bytes bytes) {
  WP_ASSERT(bytes.size() <= kMaxTcpOptions);
  TcpOptions options;
  if (bytes.size() == kOnlyTimestampsLength && kFirstWord.get(bytes.first<4>()) == kOnlyTimestamps) {
    options.timestamps = timestamps_at(bytes.last<kBlockLength>());
    return options;
  }
  while (!bytes.empty()) {
    const std::uint8_t kind = octet(bytes, 0);
    // MUST-69: what is behind the end of the list is padding. It is not looked at.
    if (kind == kEnd) break;
    if (kind == kNothing) {
      bytes = bytes.subspan(1);
      continue;
    }
    if (bytes.size() < 2) return refuse(Drop::bad_tcp_option);
    const std::size_t length = octet(bytes, 1);
    if (length < 2 || length > bytes.size()) return refuse(Drop::bad_tcp_option);
    if (!options.read(kind, bytes.subspan(2, length - 2))) return refuse(Drop::bad_tcp_option);
    bytes = bytes.subspan(length);
  }
  return options;
}

std::size_t TcpOptions::length() const {
  std::size_t length = 0;
  if (mss) length += 4;
  if (timestamps) {
    length += kOnlyTimestampsLength;
  } else if (sack_permitted) {
    length += 4;
  }
  if (window_scale) length += 4;
  if (!sacks.empty()) length += 4 + kBlockLength * sacks.size();
  return length;
}

// Each option ends at a word's end, so that no padding follows the last; "SACK permitted" takes the place of the two
// fillers before the timestamps.
void TcpOptions::emit(MutableBytes out) const {
  WP_ASSERT(length() <= kMaxTcpOptions);
  WP_ASSERT(out.size() >= length());
  Words words(out);
  if (mss) words.put(word_of(kMss, kMssLength, *mss >> 8U, *mss & 0xffU));
  if (timestamps) {
    words.put(sack_permitted ? word_of(kSackPermitted, kSackPermittedLength, kTimestamps, kTimestampsLength)
                             : kOnlyTimestamps);
    words.put(timestamps->value);
    words.put(timestamps->echo);
  } else if (sack_permitted) {
    words.put(word_of(kNothing, kNothing, kSackPermitted, kSackPermittedLength));
  }
  if (window_scale) {
    WP_ASSERT(*window_scale <= kMaxWindowScale);
    words.put(word_of(kNothing, kWindowScale, kWindowScaleLength, *window_scale));
  }
  if (!sacks.empty()) {
    words.put(word_of(kNothing, kNothing, kSack, static_cast<std::uint32_t>(2 + kBlockLength * sacks.size())));
    for (const SackBlock& block : sacks.all()) {
      words.put(block.left.value());
      words.put(block.right.value());
    }
  }
}

}  // namespace wp::wire
