#include "dataplane/http/names.h"

namespace wp::http {

// The length leaves three candidates at most; each comparison has a fixed length and needs no loop.
Name classify_name(std::string_view lower) {
  const auto is = [lower](std::string_view known, Name name) { return lower == known ? name : Name::other; };
  switch (lower.size()) {
    case 2: return is("te", Name::te);
    case 3: return is("via", Name::via);
    case 4:
      if (lower[0] == 'h') return is("host", Name::host);
      return is("date", Name::date);
    case 6:
      if (lower[0] == 'a') return is("accept", Name::accept);
      if (lower[0] == 'e') return is("expect", Name::expect);
      return is("server", Name::server);
    case 7:
      if (lower[0] == 't') return is("trailer", Name::trailer);
      return is("upgrade", Name::upgrade);
    case 9: return is("x-api-key", Name::x_api_key);
    case 10:
      if (lower[0] == 'c') return is("connection", Name::connection);
      if (lower[0] == 'k') return is("keep-alive", Name::keep_alive);
      return is("user-agent", Name::user_agent);
    case 12:
      if (lower[0] == 'c') return is("content-type", Name::content_type);
      return is("x-request-id", Name::x_request_id);
    case 13: return is("authorization", Name::authorization);
    case 14:
      if (lower[0] == 'h') return is("http2-settings", Name::http2_settings);
      return is("content-length", Name::content_length);
    case 15: return is("x-forwarded-for", Name::x_forwarded_for);
    case 16:
      if (lower[0] == 'c') return is("content-encoding", Name::content_encoding);
      return is("proxy-connection", Name::proxy_connection);
    case 17:
      if (lower[0] == 't') return is("transfer-encoding", Name::transfer_encoding);
      return is("x-forwarded-proto", Name::x_forwarded_proto);
    case 18: return is("proxy-authenticate", Name::proxy_authenticate);
    case 19: return is("proxy-authorization", Name::proxy_authorization);
    default: return Name::other;
  }
}

bool is_hop_by_hop(Name name) {
  switch (name) {
    case Name::transfer_encoding:
    case Name::connection:
    case Name::keep_alive:
    case Name::proxy_connection:
    case Name::te:
    case Name::trailer:
    case Name::upgrade:
    case Name::http2_settings:
    case Name::proxy_authenticate:
    case Name::proxy_authorization: return true;
    default: return false;
  }
}

bool is_shielded_from_connection(Name name) {
  switch (name) {
    case Name::host:
    case Name::content_length:
    case Name::transfer_encoding:
    case Name::expect:
    case Name::content_type:
    case Name::content_encoding:
    case Name::authorization:
    case Name::x_api_key:
    case Name::x_forwarded_for:
    case Name::x_forwarded_proto:
    case Name::x_request_id:
    case Name::via: return true;
    default: return false;
  }
}

bool is_single(Name name) {
  return name == Name::authorization || name == Name::x_api_key || name == Name::content_type;
}

bool is_forbidden_in_trailers(Name name) {
  switch (name) {
    case Name::host:
    case Name::expect:
    case Name::content_length:
    case Name::content_encoding:
    case Name::authorization:
    case Name::x_api_key:
    case Name::x_forwarded_for:
    case Name::x_forwarded_proto: return true;
    default: return is_hop_by_hop(name);
  }
}

}  // namespace wp::http
