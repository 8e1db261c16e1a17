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

  // Not more than this are lent at a time: the kernel walks through all of them before it uses one again, and a small
  // set stays in cache. It also bounds what one turn can take out of the pool.
  static constexpr std::uint32_t kMaxLent = 1024;

  [[nodiscard]] static std::expected<std::unique_ptr<BufferRing>, std::string> create(io_uring& ring,
                                                                                      stream::SlicePool& pool);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  // The kernel must use no buffer any more.
  ~BufferRing();

  // Lends what the pool has, up to the ring's size.
  void top_up();
  // Buffers that the kernel can still pick.
  [[nodiscard]] std::uint32_t lent() const { return lent_; }
  // The buffer that a completion names (its flags' high half), filled with `length` bytes; with 0 it goes back unused
  // and the slice owns nothing.
  [[nodiscard]] stream::Slice take(std::uint32_t completion_flags, std::uint32_t length);

 private:
  static constexpr std::uint32_t kNotLent = UINT32_MAX;
  struct Free {
    void operator()(io_uring_buf_ring* memory) const { std::free(memory); }
  };

  BufferRing(stream::SlicePool& pool, std::uint32_t size);

  stream::SlicePool& pool_;
  std::uint32_t size_;
  std::uint32_t lent_ = 0;
  std::unique_ptr<io_uring_buf_ring, Free> memory_;
  std::vector<std::uint32_t> entry_of_;  // buffer id -> pool entry while lent
  std::vector<std::uint16_t> free_ids_;
};

}  // namespace wp::net
