#include "controlplane/admin_server.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/admin_session.h"
#include "controlplane/asio_endpoint.h"

namespace wp::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;

// Files are made for their owner only while one of these lives.
class OwnerOnly {
 public:
  OwnerOnly() : before_(::umask(S_IRWXG | S_IRWXO | S_IXUSR)) {}
  OwnerOnly(const OwnerOnly&) = delete;
  OwnerOnly& operator=(const OwnerOnly&) = delete;
  ~OwnerOnly() { ::umask(before_); }

 private:
  mode_t before_;
};

// Removes a socket that a dead process left behind.
std::expected<void, std::string> clear_stale_socket(asio::io_context& io, const std::string& path) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(path + ": " + std::strerror(errno));
  }
  if (!S_ISSOCK(about.st_mode)) return std::unexpected(path + " is there already and is no socket");
  Local::socket probe(io);
  boost::system::error_code error;
  probe.connect(Local::endpoint(path), error);
  if (!error) return std::unexpected("another process answers on " + path);
  if (error != asio::error::connection_refused) return std::unexpected(path + ": " + error.message());
  if (::unlink(path.c_str()) != 0) return std::unexpected(path + ": " + std::strerror(errno));
  return {};
}

// Opens the socket file to those it is meant for.
std::expected<void, std::string> open_to(const ControlSocket& socket) {
  if (!socket.group.empty()) {
    const group* found = ::getgrnam(socket.group.c_str());
    if (found == nullptr) return std::unexpected("there is no group '" + socket.group + "'");
    if (::lchown(socket.path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
      return std::unexpected("cannot give " + socket.path + " to the group '" + socket.group +
                             "': " + std::strerror(errno));
    }
  }
  if (::chmod(socket.path.c_str(), socket.mode) == 0) return {};
  return std::unexpected("cannot set the mode of " + socket.path + ": " + std::strerror(errno));
}

std::expected<Endpoint, std::string> open_tcp(tcp::acceptor& acceptor, const Endpoint& at) {
  const tcp::endpoint local = asio_endpoint(at);
  boost::system::error_code error;
  acceptor.open(local.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && local.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(local, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return std::unexpected("cannot listen on " + wp::to_string(at) + ": the port is in use");
  }
  if (error) return std::unexpected("cannot listen on " + wp::to_string(at) + ": " + error.message());
  Endpoint bound = at;
  bound.port = acceptor.local_endpoint().port();
  return bound;
}

constexpr auto kAcceptPause = std::chrono::milliseconds(100);

// One place where connections come in.
template <class Protocol>
struct Door {
  explicit Door(asio::io_context& io) : acceptor(io), pause(io) {}

  void close() {
    boost::system::error_code ignored;  // closing what is closed is no error here
    acceptor.close(ignored);
    pause.cancel();
  }

  typename Protocol::acceptor acceptor;
  asio::steady_timer pause;  // its own: a wait that another one ends early would try again at once
};

}  // namespace

struct AdminServer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, AdminHandler handler, AdminLimits limits)
      : io(context), service(std::make_shared<AdminService>()), tcp(context), token(context), local(context) {
    service->handler = std::move(handler);
    service->limits = limits;
  }

  template <class Protocol>
  void accept(Door<Protocol>& door, AdminAccess access) {
    door.acceptor.async_accept([this, self = shared_from_this(), &door, access](const boost::system::error_code& error,
                                                                                typename Protocol::socket socket) {
      if (service->stopped || error == asio::error::operation_aborted) return;
      if (error) return accept_later(door, access);
      // A socket over the limit is closed by going out of scope.
      if (service->count(access) < service->limits.connections) {
        start_admin_session(std::move(socket), service, access);
      }
      accept(door, access);
    });
  }

  // Out of descriptors or memory, the process or the system: trying again at once would spin.
  template <class Protocol>
  void accept_later(Door<Protocol>& door, AdminAccess access) {
    door.pause.expires_after(kAcceptPause);
    door.pause.async_wait([this, self = shared_from_this(), &door, access](const boost::system::error_code& error) {
      if (!error && !service->stopped) accept(door, access);
    });
  }

  asio::io_context& io;
  std::shared_ptr<AdminService> service;
  Door<asio::ip::tcp> tcp;
  Door<asio::ip::tcp> token;
  Door<Local> local;
};

AdminServer::AdminServer(asio::io_context& io, AdminHandler handler, AdminLimits limits)
    : state_(std::make_shared<State>(io, std::move(handler), limits)) {}

AdminServer::~AdminServer() {
  state_->tcp.close();
  state_->token.close();
  state_->local.close();
  state_->service->stop();
  if (!control_path_.empty()) ::unlink(control_path_.c_str());
}

std::expected<Endpoint, std::string> AdminServer::listen(const Endpoint& at) {
  auto bound = open_tcp(state_->tcp.acceptor, at);
  if (bound) state_->accept(state_->tcp, AdminAccess::read_only);
  return bound;
}

std::expected<Endpoint, std::string> AdminServer::listen_control(const Endpoint& at, AdminToken token) {
  auto bound = open_tcp(state_->token.acceptor, at);
  if (!bound) return bound;
  state_->service->token = std::move(token);
  state_->accept(state_->token, AdminAccess::token);
  return bound;
}

std::expected<void, std::string> AdminServer::listen_control(const ControlSocket& socket) {
  if (auto cleared = clear_stale_socket(state_->io, socket.path); !cleared) return cleared;
  Local::acceptor& acceptor = state_->local.acceptor;
  boost::system::error_code error;
  acceptor.open(Local(), error);
  if (!error) {
    const OwnerOnly mode;
    acceptor.bind(Local::endpoint(socket.path), error);
  }
  if (error == boost::system::errc::no_such_file_or_directory) {
    const std::string folder = std::filesystem::path(socket.path).parent_path();
    return std::unexpected("cannot listen on " + socket.path + ": there is no " + folder + ", make it first");
  }
  if (error) return std::unexpected("cannot listen on " + socket.path + ": " + error.message());
  control_path_ = socket.path;
  if (auto opened = open_to(socket); !opened) return opened;
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected("cannot listen on " + socket.path + ": " + error.message());
  state_->accept(state_->local, AdminAccess::control);
  return {};
}

void AdminServer::serve_reporter(int socket) {
  start_admin_session(Local::socket(state_->io, Local(), socket), state_->service, AdminAccess::reporter);
}

std::size_t AdminServer::connections() const {
  const auto& sessions = state_->service->sessions;
  return std::accumulate(sessions.begin(), sessions.end(), std::size_t{0});
}

}  // namespace wp::control
