// One shard: a transport, a proxy, and the turn that joins the two wings. It shares nothing with other shards but what
// it is handed: the published Snapshot, the accounts, what the replicas
// hold, its mailbox.
#pragma once

#include <cstdint>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/residency.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/qsbr.h"
#include "dataplane/base/time.h"
#include "dataplane/net/transport.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/shard/mailbox.h"
#include "dataplane/stream/port_table.h"

namespace wp::shard {

// What all shards of a process share.
struct SharedState {
  Published<balance::Snapshot>& snapshot;  // never null once shards run
  Qsbr& qsbr;
  balance::Accounts& accounts;
  balance::Residency& residency;
};

template <net::Transport Net>
class Shard {
 public:
  // `number` is the shard's reader slot in the Qsbr. All references outlive the shard, but in its destructor no port
  // may hold a slice of it any more: requests that a transport still sends lie in the proxy's slabs. So whoever owns
  // both ends the transport first, then what is queued in the ports, and then the shard.
  Shard(std::uint32_t number, const proxy::ProxyConfig& config, SharedState shared, stream::PortTable& ports, Net& net,
        ShardMailbox& mailbox)
      : shared_(shared),
        mailbox_(mailbox),
        ports_(ports),
        net_(net),
        proxy_(config, ports, shared.accounts, shared.residency, mix64(config.seed + number)),
        number_(number) {
    if (config.access_records > 0) mailbox_.access.open(config.access_records);
    proxy_.log_to(mailbox_.access);
    mailbox_.prompts.open();
    proxy_.note_prompts_to(mailbox_.prompts);
    proxy_.record_to(mailbox_.flight);
    proxy_.describe(mailbox_.metrics);
    mailbox_.metrics.counter("warmpath_access_log_dropped_total",
                             "Requests that the access log misses because its writer was behind.", "",
                             mailbox_.access.dropped());
    mailbox_.metrics.counter("warmpath_prompt_notes_dropped_total",
                             "Notes of prompts that the reader of KV events misses because it was behind.", "",
                             mailbox_.prompts.dropped());
    mailbox_.ready.store(true, std::memory_order_release);
  }

  // One turn: commands, receive, step, flush. Reads no clock and never blocks.
  void turn(Instant now) {
    shared_.qsbr.quiescent(number_);
    mailbox_.turns.add();
    obey();
    // Nothing new after a stop: what was aborted still has to reach the transport.
    if (stopped_) return net_.flush(now);
    net_.receive(now);
    const balance::Snapshot* snapshot = shared_.snapshot.read();
    WP_ASSERT(snapshot != nullptr);
    proxy_.step(now, *snapshot);
    net_.flush(now);
    mailbox_.connections.set(proxy_.clients());
    if (draining_) finish_draining();
  }

  // After each turn: when it was over, by the clock that gave its beginning.
  void turn_ended(Instant begin, Instant end) { proxy_.turn_ended(end - begin); }

  // The shard holds no pointer into a Snapshot until its next turn: call before blocking.
  void offline() { shared_.qsbr.offline(number_); }

  // When the next turn is due though nothing arrives; `now` when work was left over.
  [[nodiscard]] Instant next_deadline(Instant now) {
    if (ports_.application_ready() > 0 || ports_.transport_ready() > 0) return now;
    return earlier(proxy_.next_deadline(), net_.next_deadline());
  }

  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] proxy::Proxy& proxy() { return proxy_; }

 private:
  void obey() {
    Command command = Command::none;
    while (mailbox_.commands.pop(command)) {
      if (command == Command::drain) {
        draining_ = true;
        proxy_.drain();
      }
      if (command == Command::stop) {
        stopped_ = true;
        proxy_.abort_all(Reason::shutting_down);
      }
    }
  }

  // The last client is gone before its last bytes are: the transport still owns ports that send and linger.
  void finish_draining() {
    if (proxy_.clients() > 0) return;
    if (ports_.live() == 0) {
      mailbox_.drained.store(true, std::memory_order_release);
    } else {
      proxy_.drain();  // connections to replicas that the last exchanges gave back
    }
  }

  SharedState shared_;
  ShardMailbox& mailbox_;
  stream::PortTable& ports_;
  Net& net_;
  proxy::Proxy proxy_;
  std::uint32_t number_;
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace wp::shard
