#include "tools/replica/event_log.h"

#include <utility>

namespace wp::replica {

std::string_view word(Happened what) {
  switch (what) {
    case Happened::arrive: return "arrive";
    case Happened::refused: return "refused";
    case Happened::first_token: return "first_token";
    case Happened::done: return "done";
    case Happened::cancelled: return "cancelled";
  }
  std::unreachable();
}

void EventLog::add(Instant at, Happened what, std::string_view api, std::string_view request,
                   std::string_view client_id) {
  LoggedEvent event{total_ + 1, at, what, api, std::string(request), std::string(client_id.substr(0, 128))};
  if (kept_.size() < kKept) {
    kept_.push_back(std::move(event));
  } else {
    kept_[total_ % kKept] = std::move(event);
  }
  ++total_;
}

}  // namespace wp::replica
