#include "dataplane/tcp/secret.h"

#include <array>
#include <cstring>

namespace wp::tcp {
namespace {

// Both addresses, and one word that the caller makes of the rest.
std::uint64_t hash(const HashKey& key, const Flow& flow, std::uint64_t rest) {
  std::array<std::uint64_t, 5> words{};
  words[4] = rest | static_cast<std::uint64_t>(flow.local.family) << 32U;
  if (flow.local.family == Endpoint::Family::v4) {
    std::memcpy(words.data(), flow.local.address.data(), 4);
    std::memcpy(words.data() + 1, flow.remote.address.data(), 4);
    words[2] = words[4];
    return siphash(key, std::span(words).first(3));
  }
  std::memcpy(words.data(), flow.local.address.data(), 16);
  std::memcpy(words.data() + 2, flow.remote.address.data(), 16);
  return siphash(key, words);
}

std::uint64_t ports_of(const Flow& flow) {
  return std::uint64_t{flow.local.port} << 16U | flow.remote.port;
}

}  // namespace

std::uint64_t Secret::table_hash(const Flow& flow) const {
  return hash(table_, flow, ports_of(flow));
}

wire::SeqNumber Secret::initial_sequence(const Flow& flow, Instant now) const {
  const auto ticks = static_cast<std::uint64_t>(now.ns) / 4000;
  return wire::SeqNumber(static_cast<std::uint32_t>(ticks + hash(isn_, flow, ports_of(flow))));
}

std::uint64_t Secret::source_port(const Flow& flow, std::uint32_t turn) const {
  return hash(source_, flow, std::uint64_t{turn} << 40U | flow.remote.port);
}

std::uint32_t Secret::timestamp_offset(const Flow& flow) const {
  return static_cast<std::uint32_t>(hash(ts_, flow, 0));
}

}  // namespace wp::tcp
