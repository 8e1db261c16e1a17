#include "dataplane/prompt/canonical.h"

namespace wp::prompt {

void CanonicalSink::start(bool counted) {
  counted_ = counted;
  copied_ = counted ? kCountedCopied : kCopied;
  segments_.clear();
  used_ = 0;
  to_ = run_ = nullptr;
  room_ = 0;
  referred_ = 0;
  marks_ = {};
}

void CanonicalSink::put_little_endian(std::uint64_t value, std::uint32_t size) {
  std::array<char, 8> bytes;
  for (std::uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  put(bytes.data(), size);
}

void CanonicalSink::begin_turn(bool preamble) {
  if (preamble || marks_.opened) return;
  marks_.opened = true;
  marks_.opening = bytes();
}

void CanonicalSink::end_turn(bool question) {
  marks_.turn_ends[marks_.turns++ % marks_.turn_ends.size()] = bytes();
  if (!question || marks_.asked) return;
  marks_.asked = true;
  marks_.question = bytes();
}

std::span<const Segment> CanonicalSink::finish() {
  end_run();
  return segments_;
}

void CanonicalSink::refer(const char* data, std::size_t size) {
  if (!counted_) {
    end_run();
    segments_.push_back({{data, size}});
  }
  referred_ += static_cast<std::uint32_t>(size);
}

void CanonicalSink::media(std::string_view text, std::uint32_t words) {
  put_byte('b');
  if (!counted_) {
    end_run();
    segments_.push_back({text, words});
  }
  referred_ += words * 8;
}

void CanonicalSink::end_run() {
  if (to_ == run_) return;
  const auto size = static_cast<std::size_t>(to_ - run_);
  if (!counted_) segments_.push_back({{run_, size}});
  referred_ += static_cast<std::uint32_t>(size);
  run_ = to_;
}

void CanonicalSink::next_block() {
  end_run();
  if (counted_) used_ = 0;
  if (used_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
  to_ = run_ = blocks_[used_++].get();
  room_ = kBlock;
}

}  // namespace wp::prompt
