// A canonical stream in one piece.
#pragma once

#include <string>

#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/keyed_hash.h"

namespace wp::prompt::testing {

inline std::string whole(CanonicalSink& sink) {
  std::string text;
  for (const Segment& segment : sink.finish()) {
    if (segment.words == 0) text += segment.text;
    const std::uint64_t hash = keyed_hash(0, segment.text);
    for (std::uint32_t i = 0; i < segment.words; ++i) text.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  }
  return text;
}

}  // namespace wp::prompt::testing
