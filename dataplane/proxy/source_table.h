// How many connections each source holds, of one shard: an IPv4 address, or the /64 of an IPv6 address, which is what
// one customer gets. Open addressing in a fixed table, at most half full because no connection is counted twice; the
// hash is keyed so that nobody can choose addresses that collide.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/endpoint.h"

namespace wp::proxy {

class SourceTable {
 public:
  // `connections`: the most that are counted at one time. `key`: a secret of this process.
  SourceTable(std::uint32_t connections, std::uint64_t key);

  [[nodiscard]] std::uint32_t count(const Endpoint& source) const;
  void add(const Endpoint& source);
  // Of a connection that was added.
  void remove(const Endpoint& source);
  [[nodiscard]] std::uint32_t sources() const { return sources_; }

 private:
  struct Slot {
    std::uint64_t prefix = 0;
    std::uint32_t connections = 0;  // 0: vacant
    Endpoint::Family family = Endpoint::Family::none;

    [[nodiscard]] bool same(const Slot& other) const { return prefix == other.prefix && family == other.family; }
  };

  [[nodiscard]] static Slot slot_for(const Endpoint& source);
  [[nodiscard]] std::uint32_t home(const Slot& slot) const;
  // Where the source is, or the vacant slot where it would be.
  [[nodiscard]] std::uint32_t locate(const Slot& wanted) const;

  std::vector<Slot> slots_;  // a power of two
  std::uint64_t key_;
  std::uint32_t sources_ = 0;
  std::uint32_t most_;
};

}  // namespace wp::proxy
