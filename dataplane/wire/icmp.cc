#include "dataplane/wire/icmp.h"

#include "dataplane/base/assert.h"

namespace wp::wire {

Parsed<IcmpView> IcmpView::of(Bytes message) {
  if (message.size() < icmp_field::kLength) return refuse(Drop::truncated);
  return IcmpView(message);
}

void emit_icmp(MutableBytes out, const IcmpParts& parts, Sum pseudo, SumFunction sum) {
  const std::size_t length = icmp_field::kLength + parts.body.size();
  WP_ASSERT(out.size() >= length);
  const auto fixed = out.first<icmp_field::kLength>();
  icmp_field::kType.set(fixed, parts.type);
  icmp_field::kCode.set(fixed, parts.code);
  icmp_field::kChecksum.set(fixed, 0);
  icmp_field::kWord.set(fixed, parts.word);
  std::ranges::copy(parts.body, out.begin() + icmp_field::kLength);
  icmp_field::kChecksum.set(fixed, (pseudo + sum(out.first(length))).checksum());
}

}  // namespace wp::wire
