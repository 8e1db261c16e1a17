#include "dataplane/proxy/head_edit.h"

#include <array>

namespace wp::proxy {
namespace {

// Methods that have content by nature: without it they say so, for some servers wait for it otherwise, or refuse (RFC
// 9110 section 8.6).
bool expects_content(http::Method method) {
  return method == http::Method::post || method == http::Method::put || method == http::Method::patch;
}

// X-Forwarded-For is one list: what the client's own proxies said, then whom we saw.
void write_forwarded_for(http::Writer& out, const http::RequestHead& head, std::string_view client) {
  out.text("X-Forwarded-For: ");
  for (const http::Field& field : head.all()) {
    if (field.name != http::Name::x_forwarded_for || field.value_length == 0) continue;
    out.text(head.value(field));
    out.text(", ");
  }
  out.text(client);
  out.text("\r\n");
}

}  // namespace

void write_upstream_request(http::Writer& out, const http::RequestHead& head, const RequestEdit& edit) {
  http::write_request_line(out, head.method_token(), head.target());
  out.field("Host", edit.authority);
  constexpr std::array kSkip = {http::Name::x_forwarded_for};
  http::write_end_to_end_fields(out, head, kSkip);
  write_forwarded_for(out, head, edit.client_address);
  // The body was buffered, so its length is known whatever the client's framing was.
  const bool says_length = head.framing != http::Framing::none || expects_content(head.method);
  if (says_length) http::write_framing(out, http::Framing::length, edit.body_bytes);
  http::write_end_of_head(out);
}

void write_client_reply(http::Writer& out, const http::ReplyHead& head, const ReplyEdit& edit) {
  http::write_status_line(out, head.status, head.reason_phrase());
  http::write_end_to_end_fields(out, head, {});
  http::write_framing(out, edit.framing, edit.content_length);
  if (edit.framing == http::Framing::none && (edit.head_request || head.status == 304)) {
    // RFC 9110 section 8.6: a reply without a body may still say the length it would have had.
    if (head.has(http::Name::content_length)) out.field("Content-Length", head.content_length);
  }
  if (!edit.decision.empty()) {
    out.field("x-warmpath-decision", edit.decision);
    out.field("x-warmpath-replica", edit.replica);
    out.field("x-warmpath-pool", edit.pool);
  }
  if (!edit.keep_alive) {
    out.field("Connection", "close");
  } else if (edit.http10) {
    out.field("Connection", "keep-alive");
  }
  http::write_end_of_head(out);
}

}  // namespace wp::proxy
