// All ports of a shard, the memory they draw on, and the two ready lists.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/counters.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/ready_list.h"
#include "dataplane/stream/admission.h"
#include "dataplane/stream/port.h"
#include "dataplane/stream/slice.h"

namespace wp::stream {

// Bounds of one shard's streams. Memory is reserved at start and touched on use.
struct StreamLimits {
  std::uint32_t ports = 16'384;           // connections, both kinds together
  std::uint32_t accepted = UINT32_MAX;    // of them accepted ones that the application has not ended
  std::uint32_t nodes = 131'072;          // slices queued at one time, 32 bytes each
  std::uint32_t receive_entries = 8'192;  // buffers that the transport receives into
  std::uint32_t receive_bytes = 4'096;    // size of each
  std::uint32_t slab_entries = 16'384;    // 4 KiB slabs for heads, copies and small replies
  std::uint32_t rx_limit = 64 * 1024;     // credit per connection and direction
  std::uint32_t tx_limit = 64 * 1024;
};

class PortTable {
 public:
  static constexpr std::uint32_t kSlabBytes = 4096;

  explicit PortTable(const StreamLimits& limits);
  PortTable(const PortTable&) = delete;
  PortTable& operator=(const PortTable&) = delete;
  ~PortTable();

  // --- the application's side
  // A port towards `remote`; invalid when the table is full. The transport starts the handshake in its next flush.
  [[nodiscard]] PortId connect(const Endpoint& remote);
  // Takes the next port with events; false when none is left. Bound a turn by application_ready() at its start.
  [[nodiscard]] bool next_for_application(PortId& id);
  [[nodiscard]] std::uint32_t application_ready() const { return for_application_.size(); }
  // Puts a port back on the list: the application stopped for the turn with work left.
  void requeue_for_application(PortId id);

  // --- the transport's side
  // A port for an accepted connection, ready for the application; invalid when the table is full.
  [[nodiscard]] PortId accept(const Endpoint& local, const Endpoint& remote);
  // Whether a connection should be accepted now: none of the shard's pools is nearly used up.
  [[nodiscard]] bool may_accept();
  [[nodiscard]] bool next_for_transport(PortId& id);
  [[nodiscard]] std::uint32_t transport_ready() const { return for_transport_.size(); }
  void requeue_for_transport(PortId id);
  // Frees a port whose application side has ended. The handle is stale afterwards.
  void destroy(PortId id);

  // --- both
  [[nodiscard]] StreamPort* find(PortId id) { return ports_.find(id); }
  [[nodiscard]] StreamPort& get(PortId id) { return ports_.get(id); }
  [[nodiscard]] std::uint32_t live() const { return ports_.live(); }
  [[nodiscard]] std::uint32_t capacity() const { return ports_.capacity(); }
  // Accepted, and not yet ended by the application.
  [[nodiscard]] std::uint32_t accepted() const { return accepted_; }
  [[nodiscard]] SlicePool& receive_pool() { return receive_; }
  [[nodiscard]] SlicePool& slabs() { return slabs_; }
  [[nodiscard]] NodePool& nodes() { return nodes_; }
  [[nodiscard]] const StreamLimits& limits() const { return limits_; }
  // Bytes received or queued that were copied from one place in memory to another, heads among them.
  [[nodiscard]] const Counter& copied() const { return copied_; }
  // The application tells it of the pools that are its own.
  [[nodiscard]] Admission& admission() { return admission_; }
  template <class Visit>
  void for_each(Visit&& visit) {
    ports_.for_each([&](PortId, StreamPort& port) { visit(port); });
  }

 private:
  friend class StreamPort;
  [[nodiscard]] PortId make(const Endpoint& local, const Endpoint& remote);
  [[nodiscard]] bool next(ReadyList& list, PortId& id);

  StreamLimits limits_;
  NodePool nodes_;
  SlicePool receive_;
  SlicePool slabs_;
  Pool<StreamPort> ports_;
  Admission admission_;
  Counter copied_;
  std::vector<PortId> by_index_;
  ReadyList for_application_;
  ReadyList for_transport_;
  std::uint32_t accepted_ = 0;
};

}  // namespace wp::stream
