// Where request bodies live: contiguous, padded slabs in four size classes (4 KiB, 64 KiB, 512 KiB, the limit). The
// same slab is parsed, sent and kept for a retry until the reply begins.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "dataplane/stream/slice.h"

namespace wp::stream {

struct BodyLimits {
  std::uint32_t max_body = 8 * 1024 * 1024;                   // a larger body is refused
  std::array<std::uint32_t, 4> entries = {4096, 512, 64, 8};  // slabs per class; the last holds max_body each
};

class BodySlabs {
 public:
  static constexpr std::uint32_t kPadding = 128;  // what prompt::Extractor reads behind a body

  explicit BodySlabs(const BodyLimits& limits);

  static constexpr std::size_t kClasses = 4;

  // A slab with room for at least `bytes`, showing all of its room; one that owns nothing when every fitting class
  // below `below` is empty. `bytes` above max_body is the caller's error.
  [[nodiscard]] Slice take(std::uint32_t bytes, std::size_t below = kClasses);

  // The smallest class whose slabs have room for `bytes`, at most max_body.
  [[nodiscard]] std::size_t class_of(std::uint32_t bytes) const;

  // Moves what `body` holds (`used` bytes) into a larger slab with room for `bytes`, for bodies of unknown length.
  // False, with `body` as it was, when there is none as take() sees it.
  [[nodiscard]] bool grow(Slice& body, std::uint32_t used, std::uint32_t bytes, std::size_t below = kClasses);

  [[nodiscard]] std::uint32_t max_body() const { return max_body_; }
  // Slabs of all classes that requests hold.
  [[nodiscard]] std::uint32_t held() const;
  [[nodiscard]] std::uint64_t held_bytes() const;

  // One class, by size.
  [[nodiscard]] const SlicePool& of_class(std::size_t i) const { return *classes_[i]; }

 private:
  std::uint32_t max_body_;
  std::array<std::unique_ptr<SlicePool>, kClasses> classes_;
};

}  // namespace wp::stream
