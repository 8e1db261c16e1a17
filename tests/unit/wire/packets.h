// Frames as they were on a wire: captured between network namespaces of a Linux 6 kernel (addresses and ports chosen
// for documentation), except where a line says that it was made by hand. They tell apart an error that parse and emit
// share.
#pragma once

#include <span>
#include <string_view>

namespace wp::wire::test {

struct Packet {
  std::string_view name;
  std::string_view hex;
};

extern const Packet kArpRequest;      // who has 192.0.2.2, asked by 192.0.2.1
extern const Packet kArpReply;        // 192.0.2.2 is at 02:00:00:00:00:02
extern const Packet kArpRequestVlan;  // the same request with a tag put in by hand: VLAN 7, priority 5
extern const Packet kSynV4;           // SYN: MSS 1460, SACK permitted, timestamps, window scale 10
extern const Packet kSynAckV4;        // SYN and ACK of it, MSS 1360
extern const Packet kDataV4;          // "GET / HTTP/1.1" and two line ends, timestamps
extern const Packet kFinV4;           // FIN and ACK
extern const Packet kResetV4;         // RST and ACK from a closed port, no options
extern const Packet kSackV4;          // ACK with timestamps and two SACK blocks; the blocks and checksums by hand
extern const Packet kUnreachableV4;   // port 9 unreachable, quoting a whole UDP datagram
extern const Packet kTooBigV4;        // fragmentation needed, MTU 1400, quoting 548 bytes of UDP
extern const Packet kEchoRequestV4;   // identifier 7, sequence 1, 16 bytes
extern const Packet kEchoReplyV4;     // its reply
extern const Packet kSolicitation;    // who has 2001:db8:1::2, with the asker's link address
extern const Packet kAdvertisement;   // 2001:db8:1::2, a router, solicited, override
extern const Packet kDuplicateCheck;  // is fe80::ff:fe00:2 taken? from nobody, with a nonce
extern const Packet kSynV6;           // SYN: MSS 1440, SACK permitted, timestamps, window scale 10
extern const Packet kDataV6;          // "GET / HTTP/1.1" and two line ends, timestamps
extern const Packet kUnreachableV6;   // port 9 unreachable, quoting a whole UDP datagram
extern const Packet kEchoRequestV6;   // identifier 7, sequence 1, 16 bytes
extern const Packet kEchoRequestExtensions;  // sequence 2, behind hop-by-hop and destination options
extern const Packet kListenerReport;         // of multicast groups, which nothing here reads

[[nodiscard]] std::span<const Packet> all_packets();

}  // namespace wp::wire::test
