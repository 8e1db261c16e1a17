// The one list of reasons (design rule 6). The enum, the counter's label, the access log's word, the status sent to
// the client and the table in doc/REASONS.md all come from WP_REASONS; nothing else names a reason.
//
// Columns: name (also the word people and dashboards see), kind, whose fault, HTTP status (0: no reply is due),
// whether another replica may be tried without risk of doing work twice, and what an operator should know.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wp {

// What a reason explains.
enum class ReasonKind : std::uint8_t { none, refuse, fail, close, retry, decide };

// Whose fault an outcome is.
enum class Fault : std::uint8_t { nobody, client, replica, us };

// clang-format off
#define WP_REASONS(X) \
  X(none,                  none,   nobody,    0, no,  "nothing to explain") \
  /* refused before any replica was asked: the client's fault */ \
  X(bad_request_line,      refuse, client,  400, no,  "the request line is not METHOD SP target SP HTTP/1.x CRLF") \
  X(bad_target,            refuse, client,  400, no,  "the request target has a forbidden byte, form or authority") \
  X(target_too_long,       refuse, client,  414, no,  "the request target is longer than the limit") \
  X(bad_version,           refuse, client,  505, no,  "the version is not HTTP/1.0 or HTTP/1.1") \
  X(bad_header,            refuse, client,  400, no,  "a header line has a forbidden byte, a folded line or no name") \
  X(bad_line_end,          refuse, client,  400, no,  "a line ends in a bare LF or holds a bare CR") \
  X(head_too_large,        refuse, client,  431, no,  "the head is larger than the limit") \
  X(too_many_headers,      refuse, client,  431, no,  "the head has more fields than the limit") \
  X(missing_host,          refuse, client,  400, no,  "an HTTP/1.1 request without Host") \
  X(bad_host,              refuse, client,  400, no,  "repeated, malformed or contradicting Host") \
  X(ambiguous_framing,     refuse, client,  400, no,  "Content-Length and Transfer-Encoding together, or unlike copies") \
  X(bad_content_length,    refuse, client,  400, no,  "Content-Length is empty, signed, a list or too large") \
  X(bad_transfer_encoding, refuse, client,  501, no,  "a transfer coding other than exactly chunked, or in HTTP/1.0") \
  X(bad_chunk,             refuse, client,  400, no,  "a chunk's size, extension, data end or trailer is malformed") \
  X(body_too_large,        refuse, client,  413, no,  "the body is larger than the limit") \
  X(bytes_after_close,     refuse, client,  400, no,  "bytes behind a request that ends its connection") \
  X(bad_expectation,       refuse, client,  417, no,  "an Expect other than 100-continue") \
  X(method_refused,        refuse, client,  405, no,  "the method is not served on this path") \
  X(method_unknown,        refuse, client,  501, no,  "CONNECT, TRACE or a method that nobody defines") \
  X(upgrade_refused,       refuse, client,  501, no,  "a protocol upgrade, which no route allows") \
  X(unknown_path,          refuse, client,  404, no,  "the path is no API and no passed path") \
  X(bad_json,              refuse, client,  400, no,  "the body is not one JSON object in valid UTF-8") \
  X(repeated_key,          refuse, client,  400, no,  "a key that decides the route or the prompt stands twice") \
  X(bad_field,             refuse, client,  400, no,  "a field of the body has the wrong type") \
  X(nested_too_deep,       refuse, client,  400, no,  "the JSON is nested deeper than the limit") \
  X(unknown_model,         refuse, client,  404, no,  "no pool serves the model") \
  X(head_timeout,          refuse, client,  408, no,  "the request's head did not arrive in time") \
  X(body_timeout,          refuse, client,  408, no,  "the request's body made no progress in time") \
  X(body_too_slow,         refuse, client,  408, no,  "the request's body came slower than the least rate") \
  X(source_limit,          refuse, client,  429, no,  "the client's address holds as many connections as it may") \
  /* refused: ours */ \
  X(no_replica,            refuse, us,      503, no,  "no replica of the pool is up") \
  X(no_body_slab,          refuse, us,      503, no,  "the pool of body slabs is at its mark") \
  X(no_buffer,             refuse, us,      503, no,  "the pool of buffers is empty") \
  X(no_head_slab,          refuse, us,      503, no,  "every slot for a request's head is taken") \
  X(too_many_requests,     refuse, us,      503, no,  "the shard has as many requests in flight as it may") \
  X(no_connection_slot,    refuse, us,      503, no,  "the shard holds as many connections as it may") \
  X(shutting_down,         refuse, us,      503, no,  "the daemon is draining") \
  /* a replica failed */ \
  X(connect_refused,       fail,   replica, 502, yes, "the replica refused the connection or was unreachable") \
  X(connect_timeout,       fail,   replica, 504, yes, "the replica did not complete the handshake in time") \
  X(stale_connection,      retry,  replica, 502, yes, "a pooled connection was closed before the reply began") \
  X(replica_closed,        fail,   replica, 502, no,  "the replica closed before its reply was complete") \
  X(replica_reset,         fail,   replica, 502, no,  "the replica reset the connection") \
  X(replica_bad_head,      fail,   replica, 502, no,  "the replica's reply head is malformed or too large") \
  X(replica_bad_framing,   fail,   replica, 502, no,  "the replica's reply has ambiguous or broken framing") \
  X(replica_upgrade,       fail,   replica, 502, no,  "the replica switched protocols without being asked") \
  X(first_token_timeout,   fail,   replica, 504, no,  "the first byte of the replica's reply did not come in time") \
  X(token_timeout,         fail,   replica, 504, no,  "the replica's reply made no progress in time") \
  /* ends of connections that no reply explains */ \
  X(client_closed,         close,  client,    0, no,  "the client closed while its reply was pending") \
  X(client_reset,          close,  client,    0, no,  "the client reset the connection") \
  X(client_timeout,        close,  client,    0, no,  "the client took nothing of its reply in time") \
  X(client_too_slow,       close,  client,    0, no,  "the client read its reply slower than the least rate") \
  X(no_request,            close,  client,    0, no,  "a new connection sent nothing in time") \
  X(keep_alive_timeout,    close,  nobody,    0, no,  "a kept-alive client connection was not used in time") \
  X(idle_timeout,          close,  nobody,    0, no,  "a pooled connection to a replica was not used in time") \
  X(shed_silent,           close,  client,    0, no,  "made room: a new connection that had sent nothing") \
  X(shed_head,             close,  client,    0, no,  "made room: a connection whose request's head was not complete") \
  X(shed_idle,             close,  nobody,    0, no,  "made room: a kept-alive connection without a request") \
  X(shed_body,             close,  client,    0, no,  "made room: a request whose body came slowly") \
  X(shed_reader,           close,  client,    0, no,  "made room: a client that did not read its reply") \
  X(shed_ahead,            close,  client,    0, no,  "made room: a client whose next request came before it had its reply") \
  X(surplus_idle,          close,  nobody,    0, no,  "more idle connections to a replica than the limit") \
  X(replica_gone,          close,  nobody,    0, no,  "the replica left the configuration") \
  X(unasked_bytes,         close,  replica,   0, no,  "the replica sent bytes that answer no request") \
  X(peer_closed,           close,  nobody,    0, no,  "the peer closed an idle connection") \
  X(reply_cut,             close,  replica,   0, no,  "the reply broke off after its head had been sent") \
  X(finished,              close,  nobody,    0, no,  "the last reply of the connection was sent") \
  /* why a replica was picked */ \
  X(resident,              decide, nobody,    0, no,  "holds half of the prompt or more, at the least cost") \
  X(cold,                  decide, nobody,    0, no,  "nobody who holds more of the prompt costs less: the least loaded or the ring's next") \
  X(session,               decide, nobody,    0, no,  "the session key's own replica") \
  X(prefix,                decide, nobody,    0, no,  "the ring's replica for the prompt's first chunk") \
  X(spill,                 decide, nobody,    0, no,  "the next on the key's ring walk, the ones before being over a bound") \
  X(saturated,             decide, nobody,    0, no,  "all of the ring walk over a bound: the cheapest sampled") \
  X(least_loaded,          decide, nobody,    0, no,  "the least loaded of the samples") \
  X(round_robin,           decide, nobody,    0, no,  "the next in turn") \
  X(only_one,              decide, nobody,    0, no,  "the pool has one replica that can be picked")
// clang-format on

enum class Reason : std::uint8_t {
#define WP_ENUM(name, ...) name,
  WP_REASONS(WP_ENUM)
#undef WP_ENUM
};

#define WP_COUNT(...) +1
inline constexpr std::size_t kReasonCount = 0 WP_REASONS(WP_COUNT);
#undef WP_COUNT

struct ReasonInfo {
  std::string_view word;
  ReasonKind kind;
  Fault fault;
  std::uint16_t status;
  bool retry_safe;
  std::string_view text;
};

[[nodiscard]] const ReasonInfo& info(Reason reason);
[[nodiscard]] std::string_view word(Reason reason);
[[nodiscard]] std::string_view word(ReasonKind kind);
[[nodiscard]] std::string_view word(Fault fault);

// Every reason in order, for exposition and documentation.
[[nodiscard]] const std::array<ReasonInfo, kReasonCount>& all_reasons();

}  // namespace wp
