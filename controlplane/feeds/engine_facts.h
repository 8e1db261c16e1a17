// What an engine's metrics come to, whichever engine it is: vLLM, SGLang, TensorRT-LLM (alone and in Triton), LMDeploy,
// llama.cpp and TGI. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wp::feeds {

struct EngineFacts {
  std::optional<std::uint64_t> waiting;  // requests
  std::optional<std::uint64_t> running;  // requests
  std::optional<double> kv_usage;        // 0 to 1
  std::optional<std::uint64_t> kv_tokens;
  // Sums since the engine started, in tokens; both or neither.
  std::optional<std::uint64_t> prefix_queries;
  std::optional<std::uint64_t> prefix_hits;
  std::uint64_t instance = 0;  // when its process started, in ms; 0: it does not say

  // Whether it is any engine's page: one that answers without any of these is not idle, it says nothing.
  [[nodiscard]] bool any() const { return waiting || running || kv_usage || kv_tokens || prefix_queries; }
};

// Several series of one metric, as there are for each data parallel rank, add up; shares are averaged. Values that
// cannot be (below 0, no numbers) are as if they were not there.
[[nodiscard]] EngineFacts read_engine(std::string_view page);

}  // namespace wp::feeds
