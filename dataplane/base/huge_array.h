// An array of a fixed number of plain values that is read at random places. From a few megabytes on, such a look waits
// for the address of its page as long as for what is there, so the pages are huge ones where the system has them to
// give; elsewhere the same array is slower, and nothing else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include <sys/mman.h>

#include "dataplane/base/assert.h"

namespace wp {

template <class T>
class HugeArray {
 public:
  static_assert(std::is_trivially_destructible_v<T>);

  // Every value is as T{} has it, and its memory is there: nobody who reads or writes later waits for a page.
  explicit HugeArray(std::size_t size) : first_(allocate(size * sizeof(T))) {
    std::uninitialized_value_construct_n(first_.get(), size);
  }

  [[nodiscard]] T& operator[](std::size_t at) { return first_.get()[at]; }
  [[nodiscard]] const T& operator[](std::size_t at) const { return first_.get()[at]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20U;

  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };

  static T* allocate(std::size_t bytes) {
    const std::size_t unit =
        bytes < kHugePage ? std::max<std::size_t>(alignof(T), alignof(std::max_align_t)) : kHugePage;
    const std::size_t rounded = (bytes + unit - 1) / unit * unit;
    void* memory = std::aligned_alloc(unit, rounded);
    WP_ASSERT(memory != nullptr);
    if (unit == kHugePage) static_cast<void>(::madvise(memory, rounded, MADV_HUGEPAGE));
    return static_cast<T*>(memory);
  }

  std::unique_ptr<T, Free> first_;
};

}  // namespace wp
