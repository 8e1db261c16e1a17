#include "dataplane/proxy/counters.h"

#include <string>

namespace wp::proxy {
namespace {

void describe_reasons(MetricList& list, const ReasonCounters& reasons) {
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const ReasonInfo& about = info(reason);
    if (about.kind == ReasonKind::decide) {
      list.counter("warmpath_decisions_total", "Picks of a replica by why it was picked.",
                   "decision=\"" + std::string(about.word) + "\"", reasons.of(reason));
    } else {
      list.counter("warmpath_reasons_total", "Refusals, failures, retries and closes by reason.",
                   "kind=\"" + std::string(word(about.kind)) + "\",reason=\"" + std::string(about.word) + "\"",
                   reasons.of(reason));
    }
  }
}

void describe_ambiguities(MetricList& list, const std::array<Counter, http::kAmbiguityCount>& counters) {
  for (std::size_t i = 0; i < http::kAmbiguityCount; ++i) {
    list.counter("warmpath_ambiguities_total", "Messages refused by what was ambiguous in them; see STRICTNESS.md.",
                 "ambiguity=\"" + std::string(http::all_ambiguities()[i].word) + "\"", counters[i]);
  }
}

// The figures that show what a warm pick is worth.
void describe_decisions(MetricList& list, const ProxyCounters& counters) {
  for (std::size_t i = PerDecision<Counter>::kFirst; i < kReasonCount; ++i) {
    const auto decision = static_cast<Reason>(i);
    const std::string label = "decision=\"" + std::string(word(decision)) + "\"";
    list.counter("warmpath_prompt_tokens_total",
                 "Estimated prompt tokens sent to replicas by why the replica was picked.", label,
                 counters.prompt_tokens.of(decision));
    const std::string first = "warmpath_time_to_first_byte_seconds";
    const std::string first_help =
        "From the whole request received to the first byte of the reply's body, which of a stream is its first token, "
        "by why the replica was picked.";
    list.histogram(first, first_help, label + ",stream=\"true\"", counters.first_byte_stream.of(decision));
    list.histogram(first, first_help, label + ",stream=\"false\"", counters.first_byte_other.of(decision));
  }
}

}  // namespace

void ProxyCounters::describe(MetricList& list) const {
  const std::string requests = "warmpath_requests_total";
  const std::string requests_help = "Requests by outcome; every request ends in exactly one.";
  list.counter(requests, requests_help, "outcome=\"completed\"", completed);
  list.counter(requests, requests_help, "outcome=\"refused\"", refused);
  list.counter(requests, requests_help, "outcome=\"failed\"", failed);
  list.counter(requests, requests_help, "outcome=\"client_gone\"", client_gone);
  list.counter("warmpath_probes_total",
               "Liveness and readiness probes answered on the traffic port; not among the requests.", "", probes);
  list.counter("warmpath_model_lists_total", "Lists of models answered from the configuration; not among the requests.",
               "", model_lists);
  list.gauge("warmpath_requests_in_flight", "Requests picked and not yet ended.", "", in_flight);
  list.gauge("warmpath_clients", "Client connections open.", "", clients);
  list.counter("warmpath_clients_accepted_total", "Client connections accepted.", "", accepted);

  const std::string upstreams = "warmpath_upstream_requests_total";
  const std::string upstreams_help = "Requests sent to replicas by the connection they took.";
  list.counter(upstreams, upstreams_help, "connection=\"opened\"", upstream_opened);
  list.counter(upstreams, upstreams_help, "connection=\"reused\"", upstream_reused);
  list.gauge("warmpath_upstream_connections", "Connections to replicas.", "state=\"idle\"", upstream_idle);
  list.gauge("warmpath_upstream_connections", "Connections to replicas.", "state=\"busy\"", upstream_busy);

  list.counter("warmpath_stream_events_total", "Server-sent events relayed.", "", stream_events);
  list.counter("warmpath_relayed_bytes_total", "Reply body bytes by how they were handed on.", "how=\"reference\"",
               bytes_by_reference);
  list.counter("warmpath_relayed_bytes_total", "Reply body bytes by how they were handed on.", "how=\"copy\"",
               bytes_copied);
  list.counter("warmpath_relay_stalls_total", "Times a reply waited for the shard's own buffers.", "", relay_stalls);
  list.gauge("warmpath_request_body_bytes", "Memory of request bodies held.", "", body_slabs);

  describe_decisions(list, *this);
  list.histogram("warmpath_request_duration_seconds", "From the whole request received to the reply complete.", "",
                 duration);
  list.histogram("warmpath_upstream_connect_seconds", "Handshakes towards replicas.", "", connect);
  list.histogram("warmpath_stream_gap_seconds",
                 "Between two pieces of a server-sent-event reply, as they were handed on to the client.", "",
                 piece_gap);
  list.histogram(
      "warmpath_own_time_seconds",
      "What warmpath itself added: time that a request and its reply spent in the shard's hands, in turns of "
      "its loop, waiting for nobody.",
      "", own_time);
  list.histogram("warmpath_turn_seconds", "Turns of the shard's loop that moved a request.", "", turn);
  list.histogram("warmpath_room_wait_seconds",
                 "Waits of requests that found no slot or slab to be read into, and had one in time.", "", room_wait);
  describe_reasons(list, reasons);
  describe_ambiguities(list, ambiguities);
}

}  // namespace wp::proxy
