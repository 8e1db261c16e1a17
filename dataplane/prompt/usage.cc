#include "dataplane/prompt/usage.h"

#include <algorithm>

namespace wp::prompt {

void UsageFigures::update(const UsageFigures& later) {
  for (std::size_t i = 0; i < kNames; ++i) {
    const auto name = static_cast<Name>(i);
    if (later.told(name)) set(name, later.values_[i]);
  }
}

std::optional<Usage> UsageFigures::read(Api api) const {
  if (!told(Name::prompt)) return std::nullopt;
  Usage usage{.prompt_tokens = of(Name::prompt), .completion_tokens = of(Name::completion)};
  if (api == Api::messages) {
    // Its input_tokens are those that were neither read from the cache nor written to it.
    const std::uint64_t prompt = std::uint64_t{usage.prompt_tokens} + of(Name::cache_read) + of(Name::cache_creation);
    usage.prompt_tokens = static_cast<std::uint32_t>(std::min<std::uint64_t>(prompt, kMost));
    if (told(Name::cache_read)) usage.cached_tokens = of(Name::cache_read);
  } else if (told(Name::cached)) {
    usage.cached_tokens = of(Name::cached);
  } else if (told(Name::timings)) {
    usage.cached_tokens = of(Name::timings);
  }
  if (usage.cached_tokens) usage.cached_tokens = std::min(*usage.cached_tokens, usage.prompt_tokens);
  return usage;
}

}  // namespace wp::prompt
