// The verdict table: everything in a message that two readers may take in two ways, and what is done about it. One list
// is the code's (a refusal names its row), the counter's label and doc/STRICTNESS.md; a test sends each row's example
// through the readers. Where RFC 9110 and RFC 9112 leave a choice, the verdict is to refuse: an edge cannot know which
// reader stands behind it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/reasons.h"

namespace wp::http {

// Whose message a row is about. A reply's refusal has the reason that blame_replica() makes of the row's.
enum class Side : std::uint8_t { both, request, reply };
// Where a row's example stands: the whole head, or field lines of a head, or a chunked body behind one. Examples are
// read with HeadLimits of 192 bytes for the head, 64 for the target, and 8 fields.
enum class Place : std::uint8_t { head, fields, body };

// Columns: name, side, reason, section, what it is, where the example stands, the example.
// clang-format off
#define WP_AMBIGUITIES(X) \
  /* lines */ \
  X(bare_lf, both, bad_line_end, "RFC 9112, 2.2", "a line that ends in LF alone", fields, "X: y\n") \
  X(bare_cr, both, bad_line_end, "RFC 9112, 2.2", "a CR that is not followed by LF", fields, "X: y\rTransfer-Encoding: chunked\r\n") \
  X(long_head, both, head_too_large, "RFC 9110, 5.4", "a head longer than the limit", fields, "X: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n") \
  /* request line */ \
  X(empty_lines, request, bad_request_line, "RFC 9112, 2.2", "more than one empty line before a request", head, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(request_line_shape, request, bad_request_line, "RFC 9112, 3", "no method, no target, or not one space between them", head, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(missing_version, request, bad_request_line, "RFC 9112, 2.3", "a request line without a version, as in HTTP/0.9", head, "GET /\r\n\r\n") \
  X(version_shape, request, bad_request_line, "RFC 9112, 2.3", "a version that is not HTTP/ DIGIT . DIGIT, or something behind it", head, "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n") \
  X(foreign_version, request, bad_version, "RFC 9112, 2.3", "a version other than 1.0 and 1.1, the preface of HTTP/2 among them", head, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") \
  X(unknown_method, request, method_unknown, "RFC 9110, 9.1", "CONNECT, TRACE, a method in other letters, or one that no API has", head, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n") \
  X(long_target, request, target_too_long, "RFC 9112, 3", "a target longer than the limit", head, "GET /012345678901234567890123456789012345678901234567890123456789012345 HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(target_byte, request, bad_target, "RFC 9112, 3.2", "a byte in the target that is not visible ASCII, or a fragment", head, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(target_form, request, bad_target, "RFC 9112, 3.2", "a target that is neither a path, nor http://, nor the * of OPTIONS", head, "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(target_authority, request, bad_target, "RFC 9110, 4.2.4", "an absolute target with userinfo, without host, or with a malformed one", head, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(path_without_authority, request, bad_target, "RFC 3986, 4.2", "a path that begins with two slashes, which reads like another authority", head, "GET //b/x HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(dot_segment, request, bad_target, "RFC 3986, 5.2.4", "a dot segment in the path, plain or escaped, behind a slash or a backslash", head, "GET /v1/%2e./slots HTTP/1.1\r\nHost: a\r\n\r\n") \
  X(path_escape, request, bad_target, "RFC 3986, 2.1", "a broken escape in the path, or one of a control byte", head, "GET /v1/x%0d HTTP/1.1\r\nHost: a\r\n\r\n") \
  /* status line */ \
  X(status_line_shape, reply, replica_bad_head, "RFC 9112, 4", "not HTTP/1.0 or HTTP/1.1, a space, a status of 100 to 599, and then the line's end or a space", head, "HTTP/1.1 20 OK\r\n\r\n") \
  X(reason_phrase_byte, reply, replica_bad_head, "RFC 9112, 4", "a control byte in the reason phrase", head, "HTTP/1.1 200 O\x01K\r\n\r\n") \
  /* field lines */ \
  X(folded_line, both, bad_header, "RFC 9112, 5.2", "a line that begins with a blank: a folded value to some, a field to others", fields, "X: y\r\n Transfer-Encoding: chunked\r\n") \
  X(empty_name, both, bad_header, "RFC 9110, 5.1", "a field without a name", fields, ": y\r\n") \
  X(blank_before_colon, both, bad_header, "RFC 9112, 5.1", "a blank in a field's name, or between it and the colon", fields, "Content-Length : 4\r\n") \
  X(name_byte, both, bad_header, "RFC 9110, 5.1", "a byte in a field's name that no token has", fields, "X[]: y\r\n") \
  X(missing_colon, both, bad_header, "RFC 9112, 5", "a field line without a colon", fields, "nonsense\r\n") \
  X(value_byte, both, bad_header, "RFC 9110, 5.5", "a control byte in a field's value, NUL among them", fields, "X: a\x0b" "b\r\n") \
  X(disguised_name, both, bad_header, "RFC 3875, 4.1.18", "an underscore for a dash in a name that framing, routing or credentials use", fields, "Content_Length: 4\r\n") \
  X(repeated_field, request, bad_header, "RFC 9110, 5.3", "Authorization, X-Api-Key or Content-Type twice: readers take the first or the last", fields, "Authorization: a\r\nAuthorization: b\r\n") \
  X(many_fields, both, too_many_headers, "RFC 9110, 5.4", "more fields than the limit", fields, "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n") \
  /* Host */ \
  X(missing_host, request, missing_host, "RFC 9112, 3.2", "HTTP/1.1 without Host, also when the target is absolute", head, "GET http://a/ HTTP/1.1\r\n\r\n") \
  X(repeated_host, request, bad_host, "RFC 9112, 3.2", "two Host fields, alike or not", fields, "Host: a\r\n") \
  X(malformed_host, request, bad_host, "RFC 9110, 7.2", "Host that is empty, a list, or has userinfo, a path, an escape or a port that is none", head, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n") \
  X(contradicting_host, request, bad_host, "RFC 9112, 3.2.2", "Host and an absolute target that name different origins", head, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n") \
  /* framing */ \
  X(length_and_coding, both, ambiguous_framing, "RFC 9112, 6.3", "Content-Length and Transfer-Encoding together, whatever they say", fields, "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") \
  X(repeated_length, both, ambiguous_framing, "RFC 9112, 6.3", "two Content-Length fields, alike or not", fields, "Content-Length: 4\r\nContent-Length: 4\r\n") \
  X(length_shape, both, bad_content_length, "RFC 9110, 8.6", "Content-Length that is empty, signed, a list, not decimal, or has more than 19 digits", fields, "Content-Length: +4\r\n") \
  X(foreign_coding, both, bad_transfer_encoding, "RFC 9112, 6.1", "Transfer-Encoding that is not exactly chunked", fields, "Transfer-Encoding: xchunked\r\n") \
  X(repeated_coding, both, bad_transfer_encoding, "RFC 9112, 6.1", "two Transfer-Encoding fields", fields, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") \
  X(coding_in_http10, both, bad_transfer_encoding, "RFC 9112, 6.1", "Transfer-Encoding in HTTP/1.0", head, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") \
  X(framed_bodiless, reply, ambiguous_framing, "RFC 9110, 8.6", "Content-Length or Transfer-Encoding in a 1xx or 204 reply", head, "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n") \
  /* connection options and expectations */ \
  X(connection_shape, both, bad_header, "RFC 9110, 7.6.1", "Connection that is no list of tokens", fields, "Connection: close keep-alive\r\n") \
  X(shielded_field, both, bad_header, "RFC 9110, 7.6.1", "Connection naming a field that must go end to end", fields, "Connection: Content-Length\r\n") \
  X(many_options, both, bad_header, "RFC 9110, 7.6.1", "Connection naming more than 32 fields", fields, "Connection: a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a\r\n") \
  X(foreign_expectation, request, bad_expectation, "RFC 9110, 10.1.1", "Expect other than one 100-continue", fields, "Expect: 100-continue, x\r\n") \
  /* chunked bodies */ \
  X(chunk_size_byte, both, bad_chunk, "RFC 9112, 7.1", "a chunk's size with anything but hexadecimal digits: a sign, 0x, a blank", body, "0x1\r\na\r\n0\r\n\r\n") \
  X(chunk_size_digits, both, bad_chunk, "RFC 9112, 7.1", "a chunk's size of more than 16 digits, zeros among them", body, "00000000000000001\r\na\r\n0\r\n\r\n") \
  X(chunk_sum, both, bad_chunk, "RFC 9112, 7.1", "chunks whose sizes together exceed 64 bits", body, "1\r\na\r\nffffffffffffffff\r\n") \
  X(chunk_extension, both, bad_chunk, "RFC 9112, 7.1.1", "an extension that is malformed, with a blank around it, or with a control byte", body, "1;a\nb\r\na\r\n0\r\n\r\n") \
  X(long_chunk_extension, both, bad_chunk, "RFC 9112, 7.1.1", "extensions of more than 256 bytes in a line or 16 KiB in a body", body, "1;0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\na\r\n0\r\n\r\n") \
  X(chunk_line_end, both, bad_chunk, "RFC 9112, 7.1", "a chunk's line whose CR is not followed by LF", body, "1\r\r\na\r\n0\r\n\r\n") \
  X(chunk_data_end, both, bad_chunk, "RFC 9112, 7.1", "a chunk's data not followed by CRLF", body, "1\r\nab\r\n0\r\n\r\n") \
  X(trailer_shape, both, bad_chunk, "RFC 9112, 7.1.2", "a trailer that would be refused as a header", body, "0\r\nX : y\r\n\r\n") \
  X(trailer_name, both, bad_chunk, "RFC 9110, 6.5.1", "a trailer that frames, routes, authenticates or belongs to the connection", body, "0\r\nContent-Length: 4\r\n\r\n") \
  X(long_trailers, both, bad_chunk, "RFC 9110, 5.4", "more than 32 trailers, or 8 KiB of them", body, "0\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n")

// What is accepted though it has more than one spelling: the next hop sees one spelling only. The last column is what
// must not be seen in what is forwarded.
#define WP_TOLERATED(X) \
  X(empty_line_first, request, "RFC 9112, 2.2", "one CRLF before a request", "skipped", head, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET") \
  X(blanks_around_value, both, "RFC 9112, 5.1", "blanks before and behind a field's value", "one space, none behind", fields, "X:\t y \t\r\n", "\t") \
  X(letter_case, both, "RFC 9110, 5.1", "capital and small letters in names and in chunked", "framing is written anew", fields, "tRANSFER-eNCODING: cHUNKED\r\n", "cHUNKED") \
  X(high_bytes, both, "RFC 9110, 5.5", "bytes above 0x7f in a field's value", "passed on as they are", fields, "X: \xff\r\n", "\r\n\r\n\r\n") \
  X(absolute_target, request, "RFC 9112, 3.2.2", "an absolute target that agrees with Host", "becomes a path", head, "GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n", "http://") \
  X(leading_zeros, both, "RFC 9110, 8.6", "zeros before Content-Length's digits", "written anew", fields, "Content-Length: 0004\r\n", "0004") \
  X(hop_by_hop, both, "RFC 9110, 7.6.1", "Keep-Alive, Proxy-Connection, TE, Trailer, Upgrade, HTTP2-Settings and proxy credentials", "dropped", fields, "Proxy-Connection: close\r\n", "Proxy-Connection") \
  X(named_by_connection, both, "RFC 9110, 7.6.1", "a field that Connection names and may name", "dropped", fields, "Connection: X-Mine\r\nX-Mine: y\r\n", "X-Mine") \
  X(idle_expectation, request, "RFC 9110, 10.1.1", "Expect: 100-continue", "answered here when a body is due, dropped always", fields, "Expect: 100-continue\r\n", "Expect") \
  X(chunk_extensions, both, "RFC 9112, 7.1.1", "well-formed chunk extensions", "dropped", body, "1;a=b\r\nx\r\n0\r\n\r\n", "a=b") \
  X(trailers, both, "RFC 9110, 6.5.1", "well-formed trailers of no meaning to framing or routing", "dropped", body, "0\r\nX-Sum: y\r\n\r\n", "X-Sum")
// clang-format on

enum class Ambiguity : std::uint8_t {
  none,
#define WP_ENUM(name, ...) name,
  WP_AMBIGUITIES(WP_ENUM)
#undef WP_ENUM
};

#define WP_COUNT(...) +1
inline constexpr std::size_t kAmbiguityCount = 0 WP_AMBIGUITIES(WP_COUNT);  // without none
inline constexpr std::size_t kToleratedCount = 0 WP_TOLERATED(WP_COUNT);
#undef WP_COUNT

struct AmbiguityInfo {
  std::string_view word;
  Side side;
  Reason reason;  // of a client; see blame_replica()
  std::string_view section;
  std::string_view text;
  Place place;
  std::string_view example;
};

struct ToleratedInfo {
  std::string_view word;
  Side side;
  std::string_view section;
  std::string_view text;
  std::string_view verdict;
  Place place;
  std::string_view example;
  std::string_view never_forwarded;
};

[[nodiscard]] const std::array<AmbiguityInfo, kAmbiguityCount>& all_ambiguities();
[[nodiscard]] const std::array<ToleratedInfo, kToleratedCount>& all_tolerated();
// Not for none.
[[nodiscard]] const AmbiguityInfo& info(Ambiguity ambiguity);

// The reason for a client's message; none for none.
[[nodiscard]] Reason reason_of(Ambiguity ambiguity);
// Says in the words for a replica what a row says in those for a client: replica_bad_framing or replica_bad_head.
[[nodiscard]] Reason blame_replica(Reason reason);

}  // namespace wp::http
