#include "tools/lab/block_text.h"

#include <algorithm>
#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"
#include "dataplane/prompt/features.h"

namespace wp::lab {
namespace {

// Sixteen letters a..p of one random word, a nibble each.
void write_letters(std::uint64_t word, char* to) {
  constexpr std::uint64_t kNibbles = 0x0f0f0f0f0f0f0f0fULL;
  constexpr std::uint64_t kLetters = 0x6161616161616161ULL;
  const std::uint64_t halves[2] = {(word & kNibbles) + kLetters, ((word >> 4U) & kNibbles) + kLetters};
  std::memcpy(to, halves, sizeof halves);
}

}  // namespace

void append_block_text(std::span<const std::uint64_t> ids, std::uint32_t tokens, std::uint32_t block_tokens,
                       std::string& text) {
  constexpr std::size_t kStep = 16;
  std::size_t left = std::size_t{tokens} * prompt::kBytesPerToken;
  const std::size_t whole = std::size_t{block_tokens} * prompt::kBytesPerToken;
  WP_ASSERT(whole % kStep == 0);
  for (const std::uint64_t id : ids) {
    const std::size_t bytes = std::min(left, whole);
    const std::size_t at = text.size();
    text.resize(at + (bytes + kStep - 1) / kStep * kStep);
    std::uint64_t word = mix64(id);
    for (std::size_t done = 0; done < bytes; done += kStep) {
      word = mix64(word);
      write_letters(word, text.data() + at + done);
    }
    text.resize(at + bytes);
    left -= bytes;
  }
  WP_ASSERT(left == 0);
}

}  // namespace wp::lab
