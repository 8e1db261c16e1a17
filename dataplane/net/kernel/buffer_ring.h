// The shard's receive buffers, lent to the kernel: one provided-buffer ring over PortTable::receive_pool(). The kernel
// picks one when bytes are there, so that idle connections hold none.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <liburing.h>

#include "dataplane/stream/slice.h"

namespace wp::net {

class BufferRing {
 public:
  static constexpr std::uint16_t kGroup = 0;

  // The kernel walks through all that are lent before it uses one again, and a small set stays in cache: it is some
  // times what a turn has lately taken, within these. The most also bounds what one turn can take out of the pool.
  static constexpr std::uint32_t kFewestLent = 256;
  static constexpr std::uint32_t kMaxLent = 1024;

  [[nodiscard]] static std::expected<std::unique_ptr<BufferRing>, std::string> create(io_uring& ring,
                                                                                      stream::SlicePool& pool);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  // The kernel must use no buffer any more.
  ~BufferRing();

  // Once a turn: lends what the pool has, up to what a turn may take.
  void top_up();
  // Buffers that the kernel can still pick.
  [[nodiscard]] std::uint32_t lent() const { return lent_; }
  // A buffer, filled with `length` bytes; with 0 it goes back unused and the slice owns nothing.
  [[nodiscard]] stream::Slice take(std::uint16_t id, std::uint32_t length);
  // The buffer that a completion names first; a bundle goes on with those that were lent after it.
  [[nodiscard]] static std::uint16_t named(std::uint32_t completion_flags) {
    return static_cast<std::uint16_t>(completion_flags >> IORING_CQE_BUFFER_SHIFT);
  }
  [[nodiscard]] std::uint16_t lent_after(std::uint16_t id) const;

 private:
  static constexpr std::uint32_t kNotLent = UINT32_MAX;
  struct Free {
    void operator()(io_uring_buf_ring* memory) const { std::free(memory); }
  };

  BufferRing(stream::SlicePool& pool, std::uint32_t size);

  stream::SlicePool& pool_;
  std::uint32_t size_;
  std::uint32_t lent_ = 0;
  std::uint32_t taken_ = 0;   // in this turn
  std::uint32_t lately_ = 0;  // the most that a turn took, fading
  std::unique_ptr<io_uring_buf_ring, Free> memory_;
  std::vector<std::uint32_t> entry_of_;  // buffer id -> pool entry while lent
  std::vector<std::uint16_t> place_of_;  // buffer id -> where in the ring it was lent last
  std::vector<std::uint16_t> free_ids_;
};

}  // namespace wp::net
