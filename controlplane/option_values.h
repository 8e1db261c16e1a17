// How the text of each kind of option becomes a value. Every reader returns what is wrong, without quoting the text:
// the caller names the option and quotes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/settings.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace wp::control {

using Problem = std::optional<std::string>;

// Whether an unknown setting of this name asks for TLS, and what to say then.
[[nodiscard]] bool asks_for_tls(std::string_view name);
inline constexpr std::string_view kNoTls = "TLS is not supported yet: run warmpathd behind a TLS terminator";

[[nodiscard]] Problem read_number(const std::string& text, std::uint32_t low, std::uint32_t high, std::uint32_t& value);
// Bytes, with an optional k or m (1024-based).
[[nodiscard]] Problem read_bytes(const std::string& text, std::uint32_t low, std::uint32_t high, std::uint32_t& value);
[[nodiscard]] Problem read_factor(const std::string& text, double& value);
[[nodiscard]] Problem read_hex_key(const std::string& text, std::uint64_t& value);
[[nodiscard]] Problem read_duration(const std::string& text, Duration& value);
[[nodiscard]] Problem read_timeout(const std::string& text, Duration& value);  // above zero
[[nodiscard]] Problem read_usage(const std::string& text, bool& ask);
[[nodiscard]] Problem read_strategy(const std::string& text, balance::Strategy& value);
[[nodiscard]] Problem read_transport(const std::string& text, TransportChoice& value);
[[nodiscard]] Problem read_access_format(const std::string& text, AccessFormat& value);
// A field name of HTTP (RFC 9110 section 5.1), made lower case.
[[nodiscard]] Problem read_header_name(const std::string& text, std::string& value);
// The name of a prompt::SessionField.
[[nodiscard]] Problem read_session_field(const std::string& text, std::string& value);
[[nodiscard]] Problem read_endpoint(const std::string& text, Endpoint& value);
// Of a Unix socket; empty for none.
[[nodiscard]] Problem read_socket_path(const std::string& text, std::string& value);
// Nothing when the text is empty.
[[nodiscard]] Problem read_optional_endpoint(const std::string& text, std::optional<Endpoint>& value);
[[nodiscard]] Problem read_state_path(const std::string& text, std::string& value);
// Any text of one line.
[[nodiscard]] Problem read_line(const std::string& text, std::string& value);
[[nodiscard]] Problem read_path(const std::string& text, std::string& value);
// A path without a '/' at its end; empty for none.
[[nodiscard]] Problem read_probe_prefix(const std::string& text, std::string& value);
// Of a file, "-" for standard output; "off" makes it empty.
[[nodiscard]] Problem read_access_log(const std::string& text, std::string& value);
[[nodiscard]] Problem read_postmortem_dir(const std::string& text, std::string& value);  // "auto" is empty
// The name or number of a user or group; empty for none.
[[nodiscard]] Problem read_account(const std::string& text, std::string& value);

}  // namespace wp::control
