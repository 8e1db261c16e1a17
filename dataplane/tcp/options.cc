#include "dataplane/tcp/options.h"

#include <algorithm>

namespace wp::tcp {

Negotiated negotiate(const wire::TcpOptions& ours, const wire::TcpOptions& theirs, std::uint16_t default_mss) {
  Negotiated made;
  made.mss = std::min(ours.mss.value_or(default_mss), std::max(theirs.mss.value_or(default_mss), kLeastMss));
  made.scale = ours.window_scale && theirs.window_scale;
  if (made.scale) made.send_scale = *theirs.window_scale;
  made.timestamps = ours.timestamps && theirs.timestamps;
  made.sack = ours.sack_permitted && theirs.sack_permitted;
  return made;
}

}  // namespace wp::tcp
