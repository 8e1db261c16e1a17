#include "dataplane/net/kernel/buffer_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/base/assert.h"

namespace wp::net {

std::expected<std::unique_ptr<BufferRing>, std::string> BufferRing::create(io_uring& ring, stream::SlicePool& pool) {
  auto made = std::unique_ptr<BufferRing>(new BufferRing(pool, std::bit_floor(std::min(pool.entries(), kMaxLent))));
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(made->memory_.get());
  registration.ring_entries = made->size_;
  registration.bgid = kGroup;
  const int result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result != 0) {
    return std::unexpected(std::string("io_uring refuses the receive buffers: ") + std::strerror(-result));
  }
  return made;
}

BufferRing::BufferRing(stream::SlicePool& pool, std::uint32_t size)
    : pool_(pool), size_(size), entry_of_(size, kNotLent), place_of_(size) {
  constexpr std::size_t kPage = 4096;
  const std::size_t bytes = (size * sizeof(io_uring_buf) + kPage - 1) / kPage * kPage;
  memory_.reset(static_cast<io_uring_buf_ring*>(std::aligned_alloc(kPage, bytes)));
  WP_ASSERT(memory_ != nullptr);
  std::memset(static_cast<void*>(memory_.get()), 0, bytes);
  io_uring_buf_ring_init(memory_.get());
  free_ids_.reserve(size);
  for (std::uint32_t id = size; id > 0; --id) free_ids_.push_back(static_cast<std::uint16_t>(id - 1));
}

BufferRing::~BufferRing() {
  for (const std::uint32_t entry : entry_of_) {
    if (entry != kNotLent) pool_.unlend(entry);
  }
}

void BufferRing::top_up() {
  constexpr std::uint32_t kTurns = 4;    // that take as much as one did lately
  constexpr std::uint32_t kFading = 64;  // what one took counts by this part less in every turn
  lately_ = std::max(taken_, lately_ - (lately_ + kFading - 1) / kFading);
  taken_ = 0;
  const std::uint32_t wanted = std::max(kTurns * lately_, kFewestLent);
  int added = 0;
  const int mask = io_uring_buf_ring_mask(size_);
  while (lent_ < wanted && !free_ids_.empty() && pool_.free() > 0) {
    std::uint32_t entry = 0;
    const bool lent = pool_.lend(entry);
    WP_ASSERT(lent);
    const std::uint16_t id = free_ids_.back();
    free_ids_.pop_back();
    entry_of_[id] = entry;
    place_of_[id] = static_cast<std::uint16_t>((memory_->tail + added) & mask);
    io_uring_buf_ring_add(memory_.get(), pool_.entry_data(entry), pool_.entry_bytes(), id, mask, added++);
    ++lent_;
  }
  if (added == 0) return;
  io_uring_buf_ring_advance(memory_.get(), added);
}

std::uint16_t BufferRing::lent_after(std::uint16_t id) const {
  return memory_->bufs[(place_of_[id] + 1U) & (size_ - 1)].bid;
}

stream::Slice BufferRing::take(std::uint16_t id, std::uint32_t length) {
  WP_ASSERT(id < size_ && entry_of_[id] != kNotLent);
  const std::uint32_t entry = std::exchange(entry_of_[id], kNotLent);
  free_ids_.push_back(id);
  --lent_;
  ++taken_;
  if (length > 0) return pool_.filled(entry, length);
  pool_.unlend(entry);
  return {};
}

}  // namespace wp::net
