// A canonical stream in one piece.
#pragma once

#include <string>

#include "dataplane/prompt/canonical.h"

namespace wp::prompt::testing {

inline std::string whole(CanonicalSink& sink) {
  std::string text;
  for (const std::string_view segment : sink.finish()) text += segment;
  return text;
}

}  // namespace wp::prompt::testing
