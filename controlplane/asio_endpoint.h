// Our endpoints as Asio takes them.
#pragma once

#include <algorithm>

#include <boost/asio/ip/tcp.hpp>

#include "dataplane/base/endpoint.h"

namespace wp::control {

[[nodiscard]] inline boost::asio::ip::tcp::endpoint asio_endpoint(const Endpoint& from) {
  namespace ip = boost::asio::ip;
  if (from.family == Endpoint::Family::v4) {
    ip::address_v4::bytes_type bytes;
    std::copy_n(from.address.begin(), bytes.size(), bytes.begin());
    return {ip::address_v4(bytes), from.port};
  }
  ip::address_v6::bytes_type bytes;
  std::ranges::copy(from.address, bytes.begin());
  return {ip::address_v6(bytes, from.scope), from.port};
}

}  // namespace wp::control
