// Bodies for the prompt tests: padded as the extractor wants them, read with one key.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "dataplane/prompt/features.h"

namespace wp::prompt::testing {

inline constexpr std::uint64_t kKey = 0x77617270'6d707468;

// Text with the padding behind it that a body slab has.
class Padded {
 public:
  explicit Padded(std::string_view text) : size_(static_cast<std::uint32_t>(text.size())), bytes_(text) {
    bytes_.append(Extractor::kPadding, '\xFE');  // no byte of it may be read as JSON
  }
  [[nodiscard]] const char* data() const { return bytes_.data(); }
  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  std::uint32_t size_;
  std::string bytes_;
};

// An extractor with kKey and the body it read last.
class Reading {
 public:
  explicit Reading(ExtractLimits limits = {.key = kKey}) : extractor_(limits) {}

  Result<Features> read(Api api, std::string_view body, const HeaderHints& hints = {}) {
    body_ = Padded(body);
    return extractor_.extract(api, body_.data(), body_.size(), hints);
  }

 private:
  Extractor extractor_;
  Padded body_{""};
};

// Features of a body that must be good; `model` is left empty, its text being gone.
inline Features good(Api api, std::string_view body, const HeaderHints& hints = {}) {
  Reading reading;
  auto features = reading.read(api, body, hints);
  if (!features) {
    ADD_FAILURE() << word(features.error().reason) << " for " << body;
    return {};
  }
  features->model = {};
  return *features;
}

inline Reason refusal(Api api, std::string_view body) {
  Reading reading;
  const auto features = reading.read(api, body);
  return features ? Reason::none : features.error().reason;
}

inline Features chat(std::string_view body) {
  return good(Api::chat_completions, body);
}

}  // namespace wp::prompt::testing
