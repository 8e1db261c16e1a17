// Pages of metrics: whatever the text is, reading it ends, gives samples that lie in the text, and comes to facts that
// warmpathd would take.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "controlplane/feeds/engine_facts.h"
#include "controlplane/feeds/metric_reader.h"
#include "dataplane/base/assert.h"

namespace {

constexpr std::uint64_t kMostCount = std::uint64_t{1} << 53U;

bool lies_in(std::string_view part, std::string_view text) {
  return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  wp::feeds::MetricReader reader(text);
  wp::feeds::MetricSample sample;
  while (reader.next(sample)) {
    WP_ASSERT(!sample.name.empty() && lies_in(sample.name, text));
    WP_ASSERT(sample.labels.size() <= wp::feeds::MetricReader::kMaxLabels);
    for (const wp::feeds::MetricLabel& label : sample.labels) {
      WP_ASSERT(!label.name.empty() && lies_in(label.name, text) && lies_in(label.value, text));
    }
  }
  const wp::feeds::EngineFacts facts = wp::feeds::read_engine(text);
  WP_ASSERT(!facts.kv_usage || (*facts.kv_usage >= 0 && *facts.kv_usage <= 1));
  WP_ASSERT(facts.prefix_queries.has_value() == facts.prefix_hits.has_value());
  WP_ASSERT(!facts.prefix_hits || (*facts.prefix_hits <= *facts.prefix_queries && *facts.prefix_queries <= kMostCount));
  WP_ASSERT(!facts.kv_tokens || *facts.kv_tokens > 0);
  return 0;
}
