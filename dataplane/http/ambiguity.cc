#include "dataplane/http/ambiguity.h"

#include "dataplane/base/assert.h"

namespace wp::http {
namespace {

constexpr std::array<AmbiguityInfo, kAmbiguityCount> kAmbiguities = {{
#define WP_ROW(name, side, reason, section, text, place, example) \
  AmbiguityInfo{#name, Side::side, Reason::reason, section, text, Place::place, example},
    WP_AMBIGUITIES(WP_ROW)
#undef WP_ROW
}};

constexpr std::array<ToleratedInfo, kToleratedCount> kTolerated = {{
#define WP_ROW(name, side, section, text, verdict, place, example, never) \
  ToleratedInfo{#name, Side::side, section, text, verdict, Place::place, example, never},
    WP_TOLERATED(WP_ROW)
#undef WP_ROW
}};

}  // namespace

const std::array<AmbiguityInfo, kAmbiguityCount>& all_ambiguities() {
  return kAmbiguities;
}

const std::array<ToleratedInfo, kToleratedCount>& all_tolerated() {
  return kTolerated;
}

const AmbiguityInfo& info(Ambiguity ambiguity) {
  const auto index = static_cast<std::size_t>(ambiguity);
  WP_ASSERT(index >= 1 && index <= kAmbiguityCount);
  return kAmbiguities[index - 1];
}

Reason reason_of(Ambiguity ambiguity) {
  return ambiguity == Ambiguity::none ? Reason::none : info(ambiguity).reason;
}

Reason blame_replica(Reason reason) {
  const bool framing = reason == Reason::ambiguous_framing || reason == Reason::bad_content_length ||
                       reason == Reason::bad_transfer_encoding || reason == Reason::bad_chunk;
  return framing ? Reason::replica_bad_framing : Reason::replica_bad_head;
}

}  // namespace wp::http
