#include "dataplane/stream/slice.h"

#include "dataplane/base/sanitizers.h"

#if WP_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#define WP_POISON(data, size) ASAN_POISON_MEMORY_REGION(data, size)
#define WP_UNPOISON(data, size) ASAN_UNPOISON_MEMORY_REGION(data, size)
#else
#define WP_POISON(data, size) static_cast<void>(0)
#define WP_UNPOISON(data, size) static_cast<void>(0)
#endif

namespace wp::stream {

SlicePool::SlicePool(std::uint32_t entries, std::uint32_t entry_bytes, std::uint32_t padding, std::uint32_t low_mark)
    : memory_(std::make_unique_for_overwrite<std::byte[]>(std::size_t{entries} * (entry_bytes + padding))),
      entries_(entries),
      entry_bytes_(entry_bytes),
      stride_(entry_bytes + padding),
      low_mark_(low_mark),
      counts_(entries, 0) {
  WP_ASSERT(entries > 0 && entry_bytes > 0);
  free_.reserve(entries);
  WP_POISON(memory_.get(), std::size_t{entries_} * stride_);
}

SlicePool::~SlicePool() {
  // A slice that outlives its pool would write into freed memory: that is a bug of the owner, found here.
  WP_ASSERT(held() == 0);
  WP_UNPOISON(memory_.get(), std::size_t{entries_} * stride_);
}

bool SlicePool::take_entry(std::uint32_t& entry) {
  if (!free_.empty()) {
    entry = free_.back();
    free_.pop_back();
  } else if (touched_ < entries_) {
    entry = touched_++;
  } else {
    ++exhausted_;
    return false;
  }
  WP_UNPOISON(entry_data(entry), stride_);
  return true;
}

void SlicePool::give_back(std::uint32_t entry) {
  WP_POISON(entry_data(entry), stride_);
  free_.push_back(entry);
}

Slice SlicePool::take() {
  std::uint32_t entry = 0;
  if (!take_entry(entry)) return {};
  counts_[entry] = 1;
  return Slice{entry_data(entry), entry_bytes_, entry, this};
}

bool SlicePool::lend(std::uint32_t& entry) {
  if (!take_entry(entry)) return false;
  ++lent_;
  return true;
}

Slice SlicePool::filled(std::uint32_t entry, std::uint32_t length) {
  WP_ASSERT(lent_ > 0 && counts_[entry] == 0 && length <= entry_bytes_);
  --lent_;
  counts_[entry] = 1;
  return Slice{entry_data(entry), length, entry, this};
}

void SlicePool::unlend(std::uint32_t entry) {
  WP_ASSERT(lent_ > 0 && counts_[entry] == 0);
  --lent_;
  give_back(entry);
}

std::span<std::byte> Slice::writable() {
  WP_ASSERT(pool_ != nullptr && pool_->counts_[entry_] == 1);
  return {pool_->entry_data(entry_), pool_->entry_bytes()};
}

void Slice::set_range(std::uint32_t offset, std::uint32_t length) {
  WP_ASSERT(pool_ != nullptr);
  WP_ASSERT(offset <= pool_->entry_bytes() && length <= pool_->entry_bytes() - offset);
  data_ = pool_->entry_data(entry_) + offset;
  size_ = length;
}

}  // namespace wp::stream
