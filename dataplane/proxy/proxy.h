// proxy: the request path of one shard, between two kinds of StreamPort. It reads requests off client ports, sends each
// to the replica that balance picks, and relays the reply. It may not know net, tcp or nic: ports come and go by
// themselves. Bytes and `now` in, bytes and the next deadline out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/deadlines.h"
#include "dataplane/base/flight_recorder.h"
#include "dataplane/base/metrics.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/ready_list.h"
#include "dataplane/base/time.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/dispatch.h"
#include "dataplane/proxy/error_reply.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/intake.h"
#include "dataplane/proxy/pool_gauges.h"
#include "dataplane/proxy/relay.h"
#include "dataplane/proxy/request_log.h"
#include "dataplane/proxy/source_table.h"
#include "dataplane/proxy/upstream_pool.h"
#include "dataplane/proxy/wait_lists.h"
#include "dataplane/stream/port_table.h"

namespace wp::proxy {

// A connection from a client. Requests on it are served one after the other.
struct Client {
  stream::PortId port;
  Handle request;         // being read
  Handle exchange;        // being answered; the request is then the exchange's
  bool answered = false;  // a request before was
  // Bytes sent on its connection, when there was last no room for another answer; UINT64_MAX: not since the last one.
  std::uint64_t took = UINT64_MAX;
  std::uint8_t address_length = 0;
  char address[46];  // text for X-Forwarded-For, made once

  [[nodiscard]] std::string_view address_text() const { return {address, address_length}; }
};

class Proxy {
 public:
  Proxy(const ProxyConfig& config, stream::PortTable& ports, balance::Accounts& accounts, balance::Residency& residency,
        std::uint64_t seed);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  // Serves every port that is ready and every deadline that is due. Bounded by what was ready when it began.
  void step(Instant now, const balance::Snapshot& snapshot);
  [[nodiscard]] Instant next_deadline() const;

  // From now on: idle connections are closed, replies say Connection: close, and the rest goes on to its end.
  void drain();
  // Ends everything at once, both sides reset.
  void abort_all(Reason why);

  // Where records of ended requests go, if the configuration asks for them; the ring outlives the proxy.
  void log_to(AccessRing& ring) { log_.write_to(ring); }
  // Where prompts are noted for who reads engines' KV events; the tap outlives the proxy.
  void note_prompts_to(balance::PromptTap& tap) { dispatcher_.note_to(tap); }
  // Where events are kept for a postmortem; the recorder outlives the proxy.
  void record_to(FlightRecorder& recorder) { flight_ = &recorder; }
  // The turn that step() was part of is over and took this long: own time is accounted for, and what ended is shown to
  // the log's reader. Without a clock, Duration{}.
  void turn_ended(Duration took) { log_.turn_ended(took); }

  [[nodiscard]] std::uint32_t clients() const { return clients_.live(); }
  [[nodiscard]] std::uint32_t exchanges() const { return exchanges_.live(); }
  [[nodiscard]] const ProxyCounters& counters() const { return counters_; }
  void describe(MetricList& list) const;

 private:
  // --- flight.cc
  void note(const FlightEvent& event) {
    if (flight_ != nullptr) flight_->note(event);
  }
  void note_client(FlightKind kind, Handle h, Reason why = Reason::none);
  void note_exchange(FlightKind kind, Handle e, std::uint64_t number, Reason why = Reason::none);
  // What the dispatcher has just done with an exchange.
  void note_sent(Handle e, std::uint32_t prompt_tokens, std::uint64_t prefix);

  // --- client_side.cc
  void accept(stream::StreamPort& port);
  // Why the shard takes no more connections, or none from there; Reason::none when it does.
  [[nodiscard]] Reason admit(const Endpoint& source) const;
  void turn_away(stream::StreamPort& port, Reason why);
  void on_client(Handle h);
  void read_requests(Handle h);
  // Of the classes of body slabs only those below `slabs_below` are its to take.
  void read_request(Handle h, Instant began, std::size_t slabs_below);
  void look_behind(Handle h);
  void note_ahead(Handle h);
  void read_on_next_turn(Handle h);
  void note_times(Request& request, Instant began) const;
  void start_exchange(Handle h);
  void refuse(Handle h, Reason reason, bool keep_alive);
  // The record of a request that never became an exchange.
  void log_unserved(Handle h, Reason why, std::uint16_t status);
  void answer(Handle h, const ErrorReply& reply);
  void answer_request(Handle h);
  void answer_probe(Handle h);
  void answer_models(Handle h);
  void hand_out(Handle h, const http::Writer& out, bool keep_alive, std::string_view rest = {});
  // What the refused request was, as far as it was read: decides the shape of the error.
  [[nodiscard]] ErrorReply describe_refusal(const Client& client, Reason reason, bool keep_alive);
  void close_client(Handle h, Reason why);
  void abort_client(Handle h, Reason why);
  void forget_client(Handle h);
  void on_client_deadline(Handle h);
  void on_reader_deadline(Handle h);
  // When the body that is being read is over its time, were no further piece to come.
  [[nodiscard]] Instant body_deadline(const Request& request) const;
  void arm_client(Handle h, Instant when) { client_deadlines_.arm(h.index, when); }

  // The client's next request is awaited.
  void await_request(Handle h);

  // --- room.cc
  void wait_for_room(Handle h, Reason lack);
  [[nodiscard]] bool waits_for_room(Handle h) const;
  void refuse_for_room(Handle h);
  [[nodiscard]] std::size_t awaited_slabs() const;
  [[nodiscard]] bool someone_waits_for_room() const;
  [[nodiscard]] bool next_for_slab(std::size_t size_class, std::uint32_t& client) const;
  void read_waiting(Handle h, std::size_t slabs_below);
  // Reads on where there is room now. After relieve(), which made what could be made.
  void serve_waiting();

  // --- shed.cc
  // Closes the connection that has been waited for longest, if long enough.
  [[nodiscard]] bool shed_oldest(Wait what);
  // For new connections: whoever gets on least.
  [[nodiscard]] bool shed_for_client();
  // For a request's head.
  [[nodiscard]] bool shed_for_head() { return shed_oldest(Wait::head) || shed_oldest(Wait::body); }
  [[nodiscard]] bool shed_for_body(const stream::SlicePool& slabs);
  void shed(Handle h, Wait what);
  // Keeps a part of every pool free of peers that make no progress. Bounded work.
  void relieve();
  void relieve_clients();
  void relieve_bodies();
  void relieve_buffers();
  void note_pools();

  // --- replica_side.cc
  void on_upstream(Handle h);
  void on_upstream_deadline(Handle h);
  void pump(Handle exchange);
  void upstream_ended(Handle exchange);
  // No connection came about: the replica's next address, then the next replica.
  void attempt_failed(Handle exchange, Reason why);
  // To the same replica once more, and to another one; `why`, counted already, is what the client is told when there
  // is none.
  void redispatch(Handle exchange, Reason why);
  void dispatch_anew(Handle exchange, Reason why);
  void complete(Handle exchange);
  void fail_exchange(Handle exchange, Reason why);
  // The same, where `why` was counted when it happened.
  void give_up(Handle exchange, Reason why);
  void cancel(Handle exchange, Reason why);
  // Lets go of everything the exchange holds but its upstream connection, and of the exchange.
  void end_exchange(Handle exchange);
  void log_exchange(Exchange& exchange, Reason why, std::uint16_t status);
  // What the reply said of its tokens, to the accounts and the record; once, at the exchange's end.
  void take_receipt(Exchange& exchange, Reason why);
  // Empty unless the reply's head is still to come and is to tell them.
  [[nodiscard]] PickedNames picked_names(const Exchange& exchange) const;
  void settle(Handle exchange, const RelayOutcome& outcome);
  // How long the replica may now take for its next bytes.
  [[nodiscard]] Duration patience(const Exchange& exchange) const;
  // A reply that found no buffer waits a moment.
  void stall(Handle exchange);
  void resume_stalled();
  void drop_upstream(Exchange& exchange, Reason why);

  // While room is wanted: somebody may be slow enough to be let go by then, and nothing else need come that would tell.
  static constexpr Duration kLookAgain = millis(10);

  ProxyConfig config_;
  stream::PortTable& ports_;
  ProxyCounters counters_;
  RequestLog log_;
  FlightRecorder* flight_ = nullptr;
  balance::TokenTable& tokens_;
  balance::Residency& residency_;
  UpstreamPool upstreams_;
  Intake intake_;
  Relay relay_;
  Dispatcher dispatcher_;
  Pool<Client> clients_;
  SourceTable sources_;
  WaitLists waits_;
  PoolGauges gauges_;
  Pool<Exchange> exchanges_;
  Deadlines client_deadlines_;
  ReadyList stalled_;  // exchanges whose reply waits for the shard's own buffers
  Instant stall_over_;
  Instant shed_again_;              // what was shed for send buffers has come back by then
  std::vector<std::byte> scratch_;  // an error reply being written

  // Valid within a step only.
  Instant now_;
  const balance::Snapshot* snapshot_ = nullptr;
  std::uint64_t swept_version_ = 0;
  bool draining_ = false;
};

}  // namespace wp::proxy
