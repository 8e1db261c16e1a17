// Serves AdminApi over HTTP: a read-only TCP listener, and where changes may be made, a Unix socket guarded by its
// permissions and a TCP listener guarded by a token.
// Connections, request size and time are bounded.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "controlplane/admin_reply.h"
#include "controlplane/admin_token.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

struct AdminLimits {
  std::size_t connections = 64;  // each listener; one more is closed at once
  std::size_t head_bytes = 8192;
  std::size_t body_bytes = 65'536;
  std::size_t control_body_bytes = 16U << 20U;  // where changes may be made: whole requests and configurations are sent
  Duration timeout = seconds(10);               // a request's arrival, a reply's departure, a connection's rest
};

// The socket where changes are made: whoever may open it may make them.
struct ControlSocket {
  std::string path;
  std::string group = {};  // its group's name; empty: the process's own
  unsigned mode = 0660;
};

using AdminHandler = std::function<AdminReply(const AdminRequest&)>;

// Control thread only. The handler is called on it, one request at a time.
class AdminServer {
 public:
  AdminServer(boost::asio::io_context& io, AdminHandler handler, AdminLimits limits = {});
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  // Stops listening and closes every connection.
  ~AdminServer();

  // Where it listens, with the port the system chose for port 0. The error is one clear line.
  [[nodiscard]] std::expected<Endpoint, std::string> listen(const Endpoint& at);
  // As listen(), for changes: every request must carry the token.
  [[nodiscard]] std::expected<Endpoint, std::string> listen_control(const Endpoint& at, AdminToken token);
  // Makes the socket, open to nobody before its group and mode are set, and removes it at the end. A socket that nobody
  // answers on is replaced; anything else at the path is an error.
  [[nodiscard]] std::expected<void, std::string> listen_control(const ControlSocket& socket);

  // A connected Unix socket, which is taken: whoever is at its other end may read and report, and rest as long as it
  // likes.
  void serve_reporter(int socket);

  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::string control_path_;
};

}  // namespace wp::control
