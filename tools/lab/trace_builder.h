// Makes a Trace of checked lines: the features that a shard would read of each request, and the blocks that an engine
// would cache.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <unordered_set>

#include "dataplane/prompt/features.h"
#include "tools/lab/families/script.h"
#include "tools/lab/trace.h"
#include "tools/lab/trace_line.h"

namespace wp::lab {

// Whether requests carry a session's key: as the trace has it, always (made of how the prompt begins where the trace
// has none), or never.
enum class Sessions : std::uint8_t { trace, sent, hidden };

struct TraceConfig {
  Sessions sessions = Sessions::trace;
  std::uint32_t block_tokens = 16;            // of chat traces; Mooncake's blocks have 512, scripts say it
  std::uint32_t conversation_tokens = 2048;   // how much of a prompt tells conversations apart
  std::uint32_t default_output_tokens = 256;  // where neither trace nor request says it
};

class TraceBuilder {
 public:
  TraceBuilder(const TraceConfig& config, std::string name);

  // Errors are a few words without the line's place.
  [[nodiscard]] std::expected<void, std::string> add(const MooncakeLine& line);
  [[nodiscard]] std::expected<void, std::string> add(const ChatLine& line);
  [[nodiscard]] std::expected<void, std::string> add(const ScriptLine& line);

  // What was added, in order of time; of those at the same time, in the order they were added.
  [[nodiscard]] Trace take();

 private:
  [[nodiscard]] std::expected<prompt::Features, std::string> extract(prompt::Api api, std::string_view session);
  void place_rungs();
  [[nodiscard]] std::uint64_t beginning(std::span<const BlockHash> blocks) const;
  // `says`: the client sends its session where it is up to the trace.
  [[nodiscard]] std::expected<void, std::string> finish(TraceRequest& request, prompt::Api api,
                                                        std::span<const BlockHash> blocks, std::string_view session,
                                                        bool says = true);

  TraceConfig config_;
  prompt::Extractor extractor_;
  std::string body_;  // of the request at hand, with the padding that the extractor wants behind it
  Trace trace_;
};

}  // namespace wp::lab
