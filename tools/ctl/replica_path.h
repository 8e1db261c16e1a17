// How a replica that somebody named on the command line is addressed at the daemon.
#pragma once

#include <string>
#include <string_view>

namespace wp::ctl {

// The name that the daemon gives it, for every way in which a replica may be written when it is added: a URL, any
// spelling of an address. What is none of these stays as it is.
[[nodiscard]] std::string replica_name(std::string_view text);

// "/replicas/NAME" with the name escaped (RFC 3986 section 2.1), and "/verb" where one is given.
[[nodiscard]] std::string replica_path(std::string_view text, std::string_view verb = {});

// "/changes/NAME"
[[nodiscard]] std::string change_path(std::string_view text);

}  // namespace wp::ctl
