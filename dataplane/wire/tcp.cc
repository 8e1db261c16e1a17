#include "dataplane/wire/tcp.h"

#include "dataplane/base/assert.h"

namespace wp::wire {

namespace field = tcp_field;

Parsed<TcpView> TcpView::of(Bytes segment) {
  if (segment.size() < field::kLength) return refuse(Drop::truncated);
  const TcpView view(segment);
  if (view.header_length() < field::kLength) return refuse(Drop::bad_header_length);
  if (view.header_length() > segment.size()) return refuse(Drop::truncated);
  return view;
}

// MUST-2, MUST-3: "The TCP checksum is never optional. The sender MUST generate it and the receiver MUST check it."
Parsed<TcpHeader> TcpHeader::parse(const TcpView& view, Sum pseudo, const Checksums& checksums) {
  if (!checksums.verified_by_device && !(pseudo + checksums.sum(view.segment())).is_complete()) {
    return refuse(Drop::bad_checksum);
  }
  const auto options = TcpOptions::parse(view.options());
  if (!options) return refuse(options.error());
  return TcpHeader{.source_port = view.source_port(),
                   .destination_port = view.destination_port(),
                   .sequence = view.sequence(),
                   .acknowledgment = view.acknowledgment(),
                   .flags = view.flags(),
                   .window = view.window(),
                   .urgent_pointer = view.urgent_pointer(),
                   .options = *options};
}

void TcpHeader::emit(MutableBytes out, Sum beside, const Checksums& checksums) const {
  const std::size_t size = length();
  WP_ASSERT(out.size() >= size);
  const auto header = out.first<field::kLength>();
  field::kSourcePort.set(header, source_port);
  field::kDestinationPort.set(header, destination_port);
  field::kSequence.set(header, sequence.value());
  field::kAcknowledgment.set(header, acknowledgment.value());
  field::kDataOffset.set(header, static_cast<std::uint8_t>(size / 4 << 4U));
  field::kFlags.set(header, flags.bits());
  field::kWindow.set(header, window);
  field::kChecksum.set(header, 0);
  field::kUrgentPointer.set(header, urgent_pointer);
  options.emit(out.subspan(field::kLength, size - field::kLength));
  const Sum whole = checksums.completed_by_device ? beside : beside + scalar_sum(out.first(size));
  field::kChecksum.set(header, checksums.completed_by_device ? whole.value() : whole.checksum());
}

}  // namespace wp::wire
