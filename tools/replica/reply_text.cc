#include "tools/replica/reply_text.h"

#include <array>

#include <xxhash.h>

#include "dataplane/base/rng.h"

namespace wp::replica {
namespace {

// A word and the space behind it make one token (three letters) or two (seven letters).
constexpr std::array<std::string_view, 32> kShort = {
    "sun", "sea", "sky", "oak", "elm", "fox", "owl", "bee", "ice", "fog", "dew", "bay", "map", "new", "old", "red",
    "far", "and", "the", "one", "few", "all", "off", "out", "its", "may", "ask", "see", "run", "let", "had", "who"};
constexpr std::array<std::string_view, 40> kLong = {
    "morning", "harbour", "lantern", "village", "kitchen", "journey", "silence", "weather", "evening", "captain",
    "feather", "cottage", "diamond", "orchard", "library", "passage", "reading", "shelter", "thunder", "winters",
    "blanket", "cabinet", "dolphin", "gallery", "history", "islands", "justice", "letters", "machine", "natural",
    "outside", "picture", "quality", "rainbow", "station", "teacher", "uniform", "version", "western", "another"};

static_assert(kShort[0].size() + 1 == kBytesPerToken && kLong[0].size() + 1 == 2 * kBytesPerToken);

}  // namespace

std::string make_reply(std::uint64_t seed, std::uint32_t tokens) {
  Rng rng(seed);
  std::string text;
  const std::size_t size = std::size_t{tokens} * kBytesPerToken;
  text.reserve(size);
  while (text.size() < size) {
    const bool two = size - text.size() >= 2 * kBytesPerToken && rng.chance(0.5);
    text += two ? kLong[rng.below(kLong.size())] : kShort[rng.below(kShort.size())];
    text += ' ';
  }
  if (!text.empty()) text.back() = '.';
  return text;
}

std::uint64_t prompt_hash(std::span<const Token> tokens, std::uint64_t seed) {
  return XXH3_64bits_withSeed(tokens.data(), tokens.size_bytes(), seed);
}

}  // namespace wp::replica
