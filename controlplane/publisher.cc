#include "controlplane/publisher.h"

#include "dataplane/base/assert.h"

namespace wp::control {

Publisher::~Publisher() {
  delete target_.replace(nullptr);
  WP_ASSERT(reclaim() == 0);
}

void Publisher::publish(std::unique_ptr<const balance::Snapshot> next) {
  const balance::Snapshot* old = target_.replace(next.release());
  counters_.published.add();
  if (old != nullptr) {
    counters_.held.add();
    qsbr_.retire([this, old] {
      delete old;
      counters_.held.sub();
      counters_.freed.add();
    });
  }
  reclaim();
}

const balance::Snapshot& Publisher::current() const {
  const balance::Snapshot* snapshot = target_.read();
  WP_ASSERT(snapshot != nullptr);
  return *snapshot;
}

std::size_t Publisher::reclaim() {
  return qsbr_.reclaim();
}

}  // namespace wp::control
