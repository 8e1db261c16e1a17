// stream: bytes in motion and the only place where the packet wing and the request wing meet. A Slice is a piece of
// pooled memory with an owner, a Chain a bounded queue of slices, a StreamPort two chains with credit and events.
// It may not know what the bytes mean, nor how they travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/assert.h"

namespace wp::stream {

class SlicePool;

using Bytes = std::span<const std::byte>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}
[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A reference to part of one pool entry. Owning it keeps the entry; the last one gives it back. Move-only: sharing is
// said aloud with share(). Counts are plain integers: a slice never leaves its shard.
class Slice {
 public:
  Slice() = default;
  Slice(Slice&& other) noexcept
      : data_(other.data_), size_(other.size_), entry_(other.entry_), pool_(std::exchange(other.pool_, nullptr)) {
    other.size_ = 0;
  }
  Slice& operator=(Slice&& other) noexcept {
    if (this != &other) {
      reset();
      data_ = other.data_;
      size_ = std::exchange(other.size_, 0);
      entry_ = other.entry_;
      pool_ = std::exchange(other.pool_, nullptr);
    }
    return *this;
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;
  ~Slice() { reset(); }

  [[nodiscard]] Bytes bytes() const { return {data_, size_}; }
  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool owns() const { return pool_ != nullptr; }
  [[nodiscard]] SlicePool* pool() const { return pool_; }
  [[nodiscard]] std::uint32_t entry() const { return entry_; }

  // Another reference to `length` bytes from `offset` of this slice; both must lie inside it.
  [[nodiscard]] Slice share(std::uint32_t offset, std::uint32_t length) const;
  [[nodiscard]] Slice share() const { return share(0, size_); }

  // Drops `n` bytes from the front.
  void advance(std::uint32_t n) {
    WP_ASSERT(n <= size_);
    data_ += n;
    size_ -= n;
  }

  // The entry's whole memory, for the one who holds its only reference and has not yet given it away.
  [[nodiscard]] std::span<std::byte> writable();

  // Sets what part of the entry this slice shows; for the writer of a fresh entry.
  void set_range(std::uint32_t offset, std::uint32_t length);

  void reset();

 private:
  friend class SlicePool;
  Slice(const std::byte* data, std::uint32_t size, std::uint32_t entry, SlicePool* pool)
      : data_(data), size_(size), entry_(entry), pool_(pool) {}

  const std::byte* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t entry_ = 0;
  SlicePool* pool_ = nullptr;
};

// Equal entries of memory with a count each. One shard's; no locks. Memory is not touched before its first use, and
// entries are reused most recently freed first.
class SlicePool {
 public:
  // `entry_bytes`: what each holds; `padding`: readable bytes behind each that never belong to a slice (a SIMD parser
  // may load them). `low_mark`: with fewer free entries than this, below_low_mark() asks holders to copy and let go.
  SlicePool(std::uint32_t entries, std::uint32_t entry_bytes, std::uint32_t padding = 0, std::uint32_t low_mark = 0);
  SlicePool(const SlicePool&) = delete;
  SlicePool& operator=(const SlicePool&) = delete;
  ~SlicePool();

  // A slice over one whole entry, or one that owns nothing when the pool is empty (counted in exhausted()).
  [[nodiscard]] Slice take();

  // For a transport that lends entries to the kernel or a device: takes an entry out of the pool without a slice...
  [[nodiscard]] bool lend(std::uint32_t& entry);
  // ...and makes the slice when it comes back filled from its start with `length` bytes...
  [[nodiscard]] Slice filled(std::uint32_t entry, std::uint32_t length);
  // ...or puts it back unused.
  void unlend(std::uint32_t entry);

  [[nodiscard]] std::byte* entry_data(std::uint32_t entry) { return memory_.get() + std::size_t{entry} * stride_; }
  [[nodiscard]] std::uint32_t entries() const { return entries_; }
  [[nodiscard]] std::uint32_t entry_bytes() const { return entry_bytes_; }
  [[nodiscard]] std::uint32_t stride() const { return stride_; }
  [[nodiscard]] std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()) + entries_ - touched_; }
  [[nodiscard]] std::uint32_t lent() const { return lent_; }
  // Entries that slices hold: neither free nor lent.
  [[nodiscard]] std::uint32_t held() const { return entries_ - free() - lent_; }
  [[nodiscard]] bool below_low_mark() const { return free() + lent_ < low_mark_; }
  [[nodiscard]] std::uint64_t exhausted() const { return exhausted_; }
  [[nodiscard]] std::uint32_t references(std::uint32_t entry) const { return counts_[entry]; }

 private:
  friend class Slice;
  [[nodiscard]] bool take_entry(std::uint32_t& entry);
  void give_back(std::uint32_t entry);

  std::unique_ptr<std::byte[]> memory_;
  std::uint32_t entries_;
  std::uint32_t entry_bytes_;
  std::uint32_t stride_;
  std::uint32_t low_mark_;
  std::uint32_t touched_ = 0;
  std::uint32_t lent_ = 0;
  std::uint64_t exhausted_ = 0;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> free_;
};

inline void Slice::reset() {
  if (pool_ == nullptr) return;
  std::uint32_t& count = pool_->counts_[entry_];
  WP_ASSERT(count > 0);
  if (--count == 0) pool_->give_back(entry_);
  pool_ = nullptr;
  size_ = 0;
}

inline Slice Slice::share(std::uint32_t offset, std::uint32_t length) const {
  WP_ASSERT(pool_ != nullptr);
  WP_ASSERT(offset <= size_ && length <= size_ - offset);
  ++pool_->counts_[entry_];
  return Slice{data_ + offset, length, entry_, pool_};
}

}  // namespace wp::stream
