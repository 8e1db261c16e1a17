#include "dataplane/stream/body_slabs.h"

#include <algorithm>

namespace wp::stream {

BodySlabs::BodySlabs(const BodyLimits& limits) : max_body_(limits.max_body) {
  constexpr std::array<std::uint32_t, 3> kSizes = {4 * 1024, 64 * 1024, 512 * 1024};
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const std::uint32_t bytes = i < kSizes.size() ? std::min(kSizes[i], max_body_) : max_body_;
    classes_[i] = std::make_unique<SlicePool>(limits.entries[i], bytes, kPadding);
  }
}

std::size_t BodySlabs::class_of(std::uint32_t bytes) const {
  WP_ASSERT(bytes <= max_body_);
  std::size_t i = 0;
  while (classes_[i]->entry_bytes() < bytes) ++i;
  return i;
}

Slice BodySlabs::take(std::uint32_t bytes, std::size_t below) {
  for (std::size_t i = class_of(bytes); i < below; ++i) {
    if (classes_[i]->free() > 0) return classes_[i]->take();
  }
  return {};
}

bool BodySlabs::grow(Slice& body, std::uint32_t used, std::uint32_t bytes, std::size_t below) {
  WP_ASSERT(used <= bytes && used <= body.writable().size());
  Slice larger = take(bytes, below);
  if (!larger.owns()) return false;
  std::memcpy(larger.writable().data(), body.writable().data(), used);
  body = std::move(larger);
  return true;
}

std::uint32_t BodySlabs::held() const {
  std::uint32_t held = 0;
  for (const auto& pool : classes_) held += pool->held();
  return held;
}

std::uint64_t BodySlabs::held_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& pool : classes_) bytes += std::uint64_t{pool->held()} * pool->entry_bytes();
  return bytes;
}

}  // namespace wp::stream
