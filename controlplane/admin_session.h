// One connection to the admin endpoints: requests one after the other, each with its limits and its time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "controlplane/admin_server.h"

namespace wp::control {

// By where a connection came from. With a token it is as good as the control socket's, request by request. The reporter
// that the daemon started itself reads and reports, and changes nothing.
enum class AdminAccess : std::uint8_t { read_only, control, token, reporter };

// What the sessions of a server share; each holds on to it.
struct AdminService {
  AdminHandler handler;
  AdminLimits limits;
  std::optional<AdminToken> token;                               // there when a session has AdminAccess::token
  std::array<std::size_t, 4> sessions{};                         // by AdminAccess
  std::map<std::uint64_t, std::function<void()>> close_session;  // of each one that lives
  std::uint64_t next_session = 1;
  bool stopped = false;  // the handler may be gone

  [[nodiscard]] std::size_t& count(AdminAccess access) { return sessions[static_cast<std::size_t>(access)]; }

  void stop() {
    stopped = true;
    const auto closing = std::exchange(close_session, {});
    for (const auto& [id, close] : closing) close();
  }
};

// The session owns itself and ends by itself.
void start_admin_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<AdminService> service,
                         AdminAccess access);
void start_admin_session(boost::asio::local::stream_protocol::socket socket, std::shared_ptr<AdminService> service,
                         AdminAccess access);

}  // namespace wp::control
