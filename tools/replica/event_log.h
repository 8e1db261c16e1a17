// What happened at a replica, with times that a test on the same machine can compare with its own clock: the proof that
// an abort was seen, and when.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/time.h"

namespace wp::replica {

enum class Happened : std::uint8_t { arrive, refused, first_token, done, cancelled };

[[nodiscard]] std::string_view word(Happened what);

struct LoggedEvent {
  std::uint64_t number = 0;  // from 1, without gaps
  Instant at;
  Happened what = Happened::arrive;
  std::string_view api;   // its name, a constant
  std::string request;    // the reply's id
  std::string client_id;  // x-request-id as the client sent it, cut to 128 bytes
};

// Keeps the last kKept events.
class EventLog {
 public:
  static constexpr std::size_t kKept = 1000;

  void add(Instant at, Happened what, std::string_view api, std::string_view request, std::string_view client_id);
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // Calls visit(event) from the oldest kept to the newest.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < kept_.size(); ++i) visit(kept_[(total_ - kept_.size() + i) % kKept]);
  }

 private:
  std::uint64_t total_ = 0;
  std::vector<LoggedEvent> kept_;  // event n at (n - 1) % kKept
};

}  // namespace wp::replica
