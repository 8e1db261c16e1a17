// What a reply says that it took, in the words of every API that says it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/prompt/features.h"

namespace wp::prompt {

struct Usage {
  std::uint32_t prompt_tokens = 0;  // of the whole prompt, cached ones among them
  std::uint32_t completion_tokens = 0;
  std::optional<std::uint32_t> cached_tokens = {};  // of the prompt; absent: not told
};

// The figures of usage objects by themselves, until it is known what they mean together.
class UsageFigures {
 public:
  // `prompt`: prompt_tokens or input_tokens. `completion`: completion_tokens or output_tokens. `cached`: cached_tokens
  // of prompt_tokens_details or input_tokens_details. The others are /v1/messages' cache_..._input_tokens. `timings`:
  // llama.cpp's cache_n.
  enum class Name : std::uint8_t { prompt, completion, cached, cache_read, cache_creation, timings };

  // More than any prompt has: whoever says it is wrong, and the figure is as if it were not there.
  static constexpr std::uint32_t kMost = (1U << 30U) - 1;

  void set(Name name, std::uint32_t value) {
    values_[static_cast<std::size_t>(name)] = value;
    told_ |= bit(name);
  }
  [[nodiscard]] bool told(Name name) const { return (told_ & bit(name)) != 0; }
  // 0 when not told.
  [[nodiscard]] std::uint32_t of(Name name) const { return told(name) ? values_[static_cast<std::size_t>(name)] : 0; }

  // Takes over what a later text of the same reply tells: /v1/messages tells the prompt first and the completion last.
  void update(const UsageFigures& later);

  // Nothing when the prompt was not told.
  [[nodiscard]] std::optional<Usage> read(Api api) const;

 private:
  static constexpr std::size_t kNames = 6;
  [[nodiscard]] static constexpr std::uint8_t bit(Name name) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(name));
  }

  std::array<std::uint32_t, kNames> values_{};
  std::uint8_t told_ = 0;
};

}  // namespace wp::prompt
