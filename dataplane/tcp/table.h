// Finds a connection by its flow: open addressing with a keyed hash, so that nobody outside can choose who collides.
// Fixed size, never more than half full; erasing shifts back, so there are no tombstones and a probe ends soon.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/tcp/flow.h"
#include "dataplane/tcp/secret.h"

namespace wp::tcp {

class ConnectionTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // `capacity`: ids are below it, and each stands for one flow at most.
  ConnectionTable(std::uint32_t capacity, const Secret& secret);

  // The id, or kNone.
  [[nodiscard]] std::uint32_t find(const Flow& flow) const;
  // The same for a burst: all slots are asked for before the first is looked at, so that their cache misses overlap.
  // At most kBurst flows.
  static constexpr std::size_t kBurst = 64;
  void find_burst(std::span<const Flow> flows, std::span<std::uint32_t> ids) const;

  // The flow is not in the table and the id in no use.
  void insert(const Flow& flow, std::uint32_t id);
  void erase(std::uint32_t id);

  [[nodiscard]] const Flow& flow(std::uint32_t id) const { return keys_[id].flow; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  // The longest probe that find() would make now; for tests.
  [[nodiscard]] std::uint32_t longest_probe() const;

 private:
  struct Slot {
    std::uint32_t hash = 0;  // the part of it that is compared before the key is touched
    std::uint32_t id = kNone;
  };
  struct Key {
    Flow flow{};
    std::uint32_t hash = 0;
  };

  [[nodiscard]] std::uint32_t hash_of(const Flow& flow) const {
    return static_cast<std::uint32_t>(secret_->table_hash(flow));
  }
  [[nodiscard]] std::uint32_t find_from(const Flow& flow, std::uint32_t hash) const;

  const Secret* secret_;
  std::vector<Slot> slots_;
  std::vector<Key> keys_;  // by id
  std::uint32_t mask_;
  std::uint32_t size_ = 0;
};

}  // namespace wp::tcp
