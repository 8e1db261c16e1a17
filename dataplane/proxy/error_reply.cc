#include "dataplane/proxy/error_reply.h"

#include <array>

#include "dataplane/base/assert.h"

namespace wp::proxy {
namespace {

// OpenAI's error types (platform documentation, "Error codes"), by status.
std::string_view openai_type(std::uint16_t status) {
  if (status == 429) return "rate_limit_error";
  if (status >= 500 && status != 501 && status != 505) return "server_error";
  return "invalid_request_error";
}

// Anthropic's error types (API documentation, "Errors"), by status.
std::string_view anthropic_type(std::uint16_t status) {
  switch (status) {
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503: return "overloaded_error";
    default: return status >= 500 && status != 501 && status != 505 ? "api_error" : "invalid_request_error";
  }
}

// The texts of the reasons hold no character that JSON would escape: a test checks the list.
void write_body(http::Writer& out, const ErrorReply& reply, const ReasonInfo& about) {
  if (reply.api == prompt::Api::messages) {
    out.text(R"({"type":"error","error":{"type":")");
    out.text(anthropic_type(about.status));
    out.text(R"(","message":")");
    out.text(about.text);
    out.text(" (");
    out.text(about.word);
    out.text(R"lit()"}})lit");
    return;
  }
  out.text(R"({"error":{"message":")");
  out.text(about.text);
  out.text(R"(","type":")");
  out.text(openai_type(about.status));
  out.text(R"(","param":null,"code":")");
  out.text(about.word);
  out.text(R"("}})");
}

}  // namespace

void write_error(http::Writer& out, const ErrorReply& reply) {
  const ReasonInfo& about = info(reply.reason);
  WP_ASSERT(about.status != 0);
  std::array<std::byte, 1024> room;
  http::Writer body(room);
  write_body(body, reply, about);
  WP_ASSERT(!body.overflowed());

  http::write_status_line(out, about.status, {});
  out.field("Content-Type", "application/json");
  http::write_framing(out, http::Framing::length, body.size());
  if (reply.reason == Reason::method_refused) out.field("Allow", "POST, OPTIONS");
  if (reply.retry_after) out.field("Retry-After", "1");
  if (!reply.keep_alive) {
    out.field("Connection", "close");
  } else if (reply.http10) {
    out.field("Connection", "keep-alive");
  }
  http::write_end_of_head(out);
  if (reply.head_request) return;
  out.text({reinterpret_cast<const char*>(body.written().data()), body.size()});
}

}  // namespace wp::proxy
