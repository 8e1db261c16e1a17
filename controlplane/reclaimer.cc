#include "controlplane/reclaimer.h"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace wp::control {
namespace {

namespace asio = boost::asio;

// A shard passes a quiescent state every turn, so a Snapshot is rarely looked at twice. An id waits for the last of
// its streams, which may take as long as a reply does.
constexpr auto kSnapshotInterval = std::chrono::milliseconds(5);
constexpr auto kIdInterval = std::chrono::seconds(1);

}  // namespace

struct Reclaimer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Publisher& p, Registry& r) : timer(io), publisher(p), registry(r) {}

  void look() {
    const std::size_t snapshots = publisher.reclaim();
    const std::size_t ids = registry.recycle();
    waiting = snapshots + ids > 0;
    if (!waiting) return;
    if (snapshots > 0) {
      timer.expires_after(kSnapshotInterval);
    } else {
      timer.expires_after(kIdInterval);
    }
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->stopped) self->look();
    });
  }

  asio::steady_timer timer;
  Publisher& publisher;
  Registry& registry;
  bool waiting = false;
  bool stopped = false;
};

Reclaimer::Reclaimer(asio::io_context& io, Publisher& publisher, Registry& registry)
    : state_(std::make_shared<State>(io, publisher, registry)) {}

Reclaimer::~Reclaimer() {
  state_->stopped = true;
  state_->timer.cancel();
}

// Setting a new expiry cancels the wait that may be under way.
void Reclaimer::changed() {
  state_->look();
}

}  // namespace wp::control
