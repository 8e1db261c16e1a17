#include "dataplane/proxy/probe.h"

namespace wp::proxy {

Probe probe_of(std::string_view prefix, std::string_view path) {
  if (prefix.empty() || !path.starts_with(prefix)) return Probe::none;
  path.remove_prefix(prefix.size());
  if (path == "/live") return Probe::live;
  return path == "/ready" ? Probe::ready : Probe::none;
}

void write_probe(http::Writer& out, const ProbeReply& reply) {
  const std::string_view body = reply.good ? "{\"status\":\"ok\"}\n" : "{\"status\":\"unavailable\"}\n";
  http::write_status_line(out, reply.good ? 200 : 503, {});
  out.field("Content-Type", "application/json");
  out.field("Cache-Control", "no-store");
  http::write_framing(out, http::Framing::length, body.size());
  if (!reply.keep_alive) {
    out.field("Connection", "close");
  } else if (reply.http10) {
    out.field("Connection", "keep-alive");
  }
  http::write_end_of_head(out);
  if (!reply.head_request) out.text(body);
}

}  // namespace wp::proxy
