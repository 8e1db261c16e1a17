#include "controlplane/asio_endpoint.h"

#include <algorithm>

namespace wp::control {

namespace ip = boost::asio::ip;

ip::tcp::endpoint asio_endpoint(const Endpoint& from) {
  if (from.family == Endpoint::Family::v4) {
    ip::address_v4::bytes_type bytes;
    std::copy_n(from.address.begin(), bytes.size(), bytes.begin());
    return {ip::address_v4(bytes), from.port};
  }
  ip::address_v6::bytes_type bytes;
  std::copy_n(from.address.begin(), bytes.size(), bytes.begin());
  return {ip::address_v6(bytes, from.scope), from.port};
}

}  // namespace wp::control
