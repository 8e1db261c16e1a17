// Frees old Snapshots and replica ids soon after a change, on a timer that runs only while something waits: an idle
// daemon has no timer and no old Snapshot.
#pragma once

#include <memory>

#include "controlplane/publisher.h"
#include "controlplane/registry.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

// Control thread only; everything handed in outlives it.
class Reclaimer {
 public:
  Reclaimer(boost::asio::io_context& io, Publisher& publisher, Registry& registry);
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;
  ~Reclaimer();

  // Call after every publish.
  void changed();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wp::control
