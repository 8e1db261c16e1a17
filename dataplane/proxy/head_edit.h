// Heads as they leave: the request towards the replica and the reply towards the client, written anew from the parsed
// form (RFC 9110 section 7.6).
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/http/head.h"
#include "dataplane/http/writer.h"

namespace wp::proxy {

struct RequestEdit {
  std::string_view authority;       // Host towards the replica
  std::string_view client_address;  // appended to X-Forwarded-For
  std::uint64_t body_bytes = 0;     // the buffered body's length
};

void write_upstream_request(http::Writer& out, const http::RequestHead& head, const RequestEdit& edit);

struct ReplyEdit {
  http::Framing framing = http::Framing::none;  // towards the client
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool http10 = false;        // the client's version
  bool head_request = false;  // a length may be said though no body follows
  std::string_view decision;  // empty: no decision headers
  std::string_view replica;
  std::string_view pool;
};

void write_client_reply(http::Writer& out, const http::ReplyHead& head, const ReplyEdit& edit);

}  // namespace wp::proxy
