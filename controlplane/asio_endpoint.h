// Our endpoints as Asio takes them.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "dataplane/base/endpoint.h"

namespace wp::control {

[[nodiscard]] boost::asio::ip::tcp::endpoint asio_endpoint(const Endpoint& from);

}  // namespace wp::control
