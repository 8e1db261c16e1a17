#include "dataplane/proxy/source_table.h"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/keyed_hash.h"

namespace wp::proxy {

SourceTable::SourceTable(std::uint32_t connections, std::uint64_t key)
    : slots_(std::bit_ceil(std::size_t{connections} * 2)), key_(key), most_(connections) {}

SourceTable::Slot SourceTable::slot_for(const Endpoint& source) {
  Slot slot;
  slot.family = source.family;
  std::memcpy(&slot.prefix, source.address.data(), source.family == Endpoint::Family::v6 ? 8 : 4);
  return slot;
}

std::uint32_t SourceTable::home(const Slot& slot) const {
  std::array<char, 9> bytes;
  std::memcpy(bytes.data(), &slot.prefix, 8);
  bytes[8] = static_cast<char>(slot.family);
  const std::uint64_t hash = prompt::keyed_hash(key_, {bytes.data(), bytes.size()});
  return static_cast<std::uint32_t>(hash & (slots_.size() - 1));
}

std::uint32_t SourceTable::locate(const Slot& wanted) const {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  std::uint32_t at = home(wanted);
  while (slots_[at].connections > 0 && !slots_[at].same(wanted)) at = (at + 1) & mask;
  return at;
}

std::uint32_t SourceTable::count(const Endpoint& source) const {
  return slots_[locate(slot_for(source))].connections;
}

void SourceTable::add(const Endpoint& source) {
  const Slot wanted = slot_for(source);
  Slot& slot = slots_[locate(wanted)];
  if (slot.connections > 0) {
    ++slot.connections;
    return;
  }
  WP_ASSERT(sources_ < most_);
  slot = wanted;
  slot.connections = 1;
  ++sources_;
}

void SourceTable::remove(const Endpoint& source) {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  std::uint32_t hole = locate(slot_for(source));
  WP_ASSERT(slots_[hole].connections > 0);
  if (--slots_[hole].connections > 0) return;
  --sources_;
  // What was pushed past the hole moves back, so that no search stops short of it (Knuth 6.4, algorithm R).
  for (std::uint32_t at = (hole + 1) & mask; slots_[at].connections > 0; at = (at + 1) & mask) {
    if (((at - home(slots_[at])) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    slots_[at].connections = 0;
    hole = at;
  }
}

}  // namespace wp::proxy
