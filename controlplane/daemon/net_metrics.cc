#include "controlplane/daemon/net_metrics.h"

namespace wp::daemon {

void describe(const net::NetCounters& counters, MetricList& list) {
  list.counter("warmpath_net_accepted_total", "Connections taken from listeners.", "", counters.accepted);
  list.counter("warmpath_net_accept_paused_total",
               "Times accepting stopped because a pool was nearly used up or the process's file table full.", "",
               counters.accept_paused);
  list.counter("warmpath_net_accept_dropped_total", "Connections reset because they came while accepting was stopped.",
               "", counters.accept_dropped);
  list.counter("warmpath_net_connects_total", "Handshakes begun towards replicas.", "", counters.connects);
  list.counter("warmpath_net_received_bytes_total", "Bytes received, of clients and replicas.", "",
               counters.bytes_received);
  list.counter("warmpath_net_sent_bytes_total", "Bytes sent, to clients and replicas.", "", counters.bytes_sent);
  list.counter("warmpath_net_receives_total", "Completions or calls that brought bytes.", "", counters.receives);
  list.counter("warmpath_net_sends_total", "Gathered writes begun.", "", counters.sends);
  list.counter("warmpath_net_receive_starved_total", "Receives that found no free buffer or list node.", "",
               counters.receive_starved);
  list.counter("warmpath_net_lingers_expired_total", "Closes whose peer did not close in time.", "",
               counters.lingers_expired);
  list.counter("warmpath_net_closings_shed_total",
               "Closes cut short because ports or send buffers were nearly used up.", "", counters.closings_shed);
  list.counter("warmpath_net_system_calls_total", "System calls of the transport.", "", counters.system_calls);
}

}  // namespace wp::daemon
