// http: HTTP/1.1 as a codec, both roles, strict from the first day (RFC 9110, RFC 9112). Bytes in, events out; it may
// not know sockets, time, routes or what a body means. Requests and replies are read into a Head and written again from
// it: raw framing is never forwarded.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/result.h"

namespace wp::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

// Names that framing, routing or hygiene look at. `other` is every name else.
enum class Name : std::uint8_t {
  other,
  host,
  content_length,
  transfer_encoding,
  connection,
  keep_alive,
  proxy_connection,
  te,
  trailer,
  upgrade,
  expect,
  content_type,
  authorization,
  x_api_key,
  accept,
  user_agent,
  x_forwarded_for,
  x_forwarded_proto,
  proxy_authenticate,
  proxy_authorization,
  date,
  server,
  via,
  x_request_id,
  http2_settings,
  content_encoding,
};

// One field line. Offsets are into the head's text, so that a head may be moved or grown.
struct Field {
  std::uint32_t name_offset = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t value_length = 0;
  std::uint16_t name_length = 0;
  Name name = Name::other;
  bool hop_by_hop = false;  // removed when forwarding: standard, or named by Connection
};

// How the body's end is known (RFC 9112 section 6.3).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct HeadLimits {
  static constexpr std::uint32_t kMaxFields = 128;

  std::uint32_t head_bytes = 16 * 1024;  // the whole head with its blank line; at most 64 KiB
  std::uint32_t target_bytes = 8 * 1024;
  std::uint32_t fields = 100;  // at most kMaxFields
};

// What both kinds of head share: the text, its fields, and what they say about the connection and the body.
struct HeadBase {
  std::span<const char> text;  // the raw bytes the offsets point into
  std::array<Field, HeadLimits::kMaxFields> fields;
  std::uint32_t field_count = 0;
  std::uint32_t names = 0;           // one bit for each Name among the fields
  std::uint64_t content_length = 0;  // of Framing::length
  Framing framing = Framing::none;
  std::uint8_t minor_version = 1;  // of HTTP/1.x
  bool keep_alive = true;          // what the peer offers: RFC 9112 section 9.3
  bool wants_upgrade = false;      // Connection: upgrade with an Upgrade field

  [[nodiscard]] std::span<const Field> all() const { return {fields.data(), field_count}; }
  [[nodiscard]] std::string_view name(const Field& f) const { return {text.data() + f.name_offset, f.name_length}; }
  [[nodiscard]] std::string_view value(const Field& f) const { return {text.data() + f.value_offset, f.value_length}; }
  [[nodiscard]] bool has(Name wanted) const { return (names & name_bit(wanted)) != 0; }
  [[nodiscard]] static constexpr std::uint32_t name_bit(Name name) {
    static_assert(static_cast<unsigned>(Name::content_encoding) < 32, "names has a bit for each");
    return std::uint32_t{1} << static_cast<unsigned>(name);
  }
  // The first field of that name, or nullptr.
  [[nodiscard]] const Field* find(Name wanted) const;
  // By name, case-insensitive; `lower` is in lower case. The value, or empty when absent.
  [[nodiscard]] std::string_view value_of(std::string_view lower) const;
};

struct RequestHead : HeadBase {
  Method method = Method::other;
  std::uint32_t method_length = 0;  // the token starts the text
  std::uint32_t target_offset = 0;  // origin-form after normalisation of absolute-form: path and query
  std::uint32_t target_length = 0;
  std::uint32_t host_offset = 0;  // the authority: Host's value, or absolute-form's
  std::uint32_t host_length = 0;
  bool expects_continue = false;

  [[nodiscard]] std::string_view method_token() const { return {text.data(), method_length}; }
  [[nodiscard]] std::string_view target() const { return {text.data() + target_offset, target_length}; }
  [[nodiscard]] std::string_view host() const { return {text.data() + host_offset, host_length}; }
  // The target without its query.
  [[nodiscard]] std::string_view path() const;
};

struct ReplyHead : HeadBase {
  std::uint16_t status = 0;
  std::uint32_t reason_offset = 0;
  std::uint32_t reason_length = 0;

  [[nodiscard]] bool interim() const { return status >= 100 && status < 200; }
  [[nodiscard]] std::string_view reason_phrase() const { return {text.data() + reason_offset, reason_length}; }
};

}  // namespace wp::http
