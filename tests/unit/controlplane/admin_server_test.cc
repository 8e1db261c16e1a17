#include "controlplane/admin_server.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/net/socket.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

// A blocking client on the thread that also runs the server: it writes, then turns the server until the answer is here.
class Client {
 public:
  Client(boost::asio::io_context& io, const Endpoint& at) : io_(io) {
    const net::SocketAddress address = net::to_socket_address(at);
    open(address.storage.ss_family, address.get(), address.length);
  }
  Client(boost::asio::io_context& io, const std::string& path) : io_(io) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    open(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(fd_); }

  void send(std::string_view text) {
    ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  // Everything that came once `until` stands in it or the server has closed.
  std::string receive(std::string_view until) {
    std::string text;
    const bool done = run_until(io_, [&] {
      char piece[4096];
      const ssize_t got = ::recv(fd_, piece, sizeof piece, MSG_DONTWAIT);
      if (got > 0) text.append(piece, static_cast<std::size_t>(got));
      reset_ = got < 0 && errno == ECONNRESET;
      closed_ = got == 0 || reset_;
      return closed_ || (!until.empty() && text.find(until) != std::string::npos);
    });
    EXPECT_TRUE(done) << "after: " << text;
    return text;
  }
  std::string ask(std::string_view request, std::string_view until) {
    send(request);
    return receive(until);
  }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool reset() const { return reset_; }

 private:
  void open(int family, const sockaddr* address, socklen_t length) {
    fd_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd_, address, length), 0) << std::strerror(errno);
  }

  boost::asio::io_context& io_;
  int fd_ = -1;
  bool closed_ = false;
  bool reset_ = false;
};

struct Served {
  explicit Served(AdminLimits limits = {})
      : server(
            io, [this](const AdminRequest& request) { return answer(request); }, limits),
        at(server.listen(parse_endpoint("127.0.0.1:0").value()).value()) {}

  AdminReply answer(const AdminRequest& request) {
    ++requests;
    const std::string side = request.may_change ? " control" : " read-only";
    return {
        200,
        "text/plain",
        std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body) + side + "\n",
        {}};
  }

  boost::asio::io_context io;
  int requests = 0;
  AdminServer server;
  Endpoint at;
};

std::string temporary_path(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("warmpath-" + name + "-" + std::to_string(getpid()))).string();
}

TEST(AdminServer, RequestsFollowEachOtherOnAConnection) {
  Served s;
  Client client(s.io, s.at);
  const std::string first = client.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "read-only\n");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_NE(first.find("GET /a  read-only\n"), std::string::npos);
  EXPECT_NE(client.ask("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", "read-only\n").find("POST /b hi"),
            std::string::npos);
  const std::string last = client.ask("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "");
  EXPECT_NE(last.find("GET /c"), std::string::npos);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(s.requests, 3);
}

TEST(AdminServer, HeadHasALengthAndNoBody) {
  Served s;
  Client client(s.io, s.at);
  const std::string reply = client.ask("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "");
  EXPECT_NE(reply.find("Content-Length: 19\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
}

TEST(AdminServer, MalformedAndOversizedRequestsAreRefusedAndClosed) {
  Served s;
  const auto refused = [&s](const std::string& request) {
    Client client(s.io, s.at);
    const std::string reply = client.ask(request, "");
    EXPECT_NE(reply.find("\"error\""), std::string::npos) << reply;
    return reply.substr(0, 12);
  };
  EXPECT_EQ(refused("HELLO\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nA: " + std::string(8200, 'a') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(s.requests, 0);
}

TEST(AdminServer, ConnectionsAreBounded) {
  AdminLimits limits;
  limits.connections = 2;
  Served s(limits);
  Client first(s.io, s.at);
  Client second(s.io, s.at);
  ASSERT_TRUE(run_until(s.io, [&] { return s.server.connections() == 2; }));
  {
    Client third(s.io, s.at);
    third.receive("");
    EXPECT_TRUE(third.closed());
  }
  EXPECT_NE(first.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "read-only\n"), "");
}

TEST(AdminServer, AConnectionThatSaysNothingIsClosed) {
  AdminLimits limits;
  limits.timeout = millis(20);
  Served s(limits);
  Client quiet(s.io, s.at);
  quiet.send("GET /a HT");
  quiet.receive("");
  EXPECT_TRUE(quiet.closed());
  EXPECT_TRUE(run_until(s.io, [&] { return s.server.connections() == 0; }));
}

TEST(AdminServer, APortInUseIsOneLine) {
  Served s;
  AdminServer other(s.io, [](const AdminRequest&) { return AdminReply{}; });
  EXPECT_EQ(other.listen(s.at).error(), "cannot listen on " + to_string(s.at) + ": the port is in use");
}

TEST(AdminServer, TheControlSocketIsItsOwnersAndItsGroups) {
  const std::string path = temporary_path("control");
  {
    Served s;
    ASSERT_TRUE(s.server.listen_control(ControlSocket{.path = path}).has_value());
    struct stat about{};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_TRUE(S_ISSOCK(about.st_mode));
    EXPECT_EQ(about.st_mode & 0777, 0660U);
    Client client(s.io, path);
    EXPECT_NE(client.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "control\n").find("GET /a  control"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "the socket outlived its server";
}

TEST(AdminServer, AControlSocketForNobodyIsRefused) {
  const std::string path = temporary_path("group");
  Served s;
  EXPECT_EQ(s.server.listen_control(ControlSocket{.path = path, .group = "no-such-group"}).error(),
            "there is no group 'no-such-group'");
}

TEST(AdminServer, ChangesOverTcpNeedTheToken) {
  Served s;
  const auto at = s.server.listen_control(parse_endpoint("127.0.0.1:0").value(), AdminToken("0123456789abcdef"));
  ASSERT_TRUE(at.has_value()) << at.error();
  const auto ask = [&](const std::string& field, std::string_view until) {
    Client client(s.io, *at);
    return client.ask("GET /a HTTP/1.1\r\nHost: x\r\n" + field + "\r\n", until);
  };
  for (const char* wrong :
       {"", "Authorization: Bearer 0123456789abcdee\r\n", "Authorization: Basic 0123456789abcdef\r\n"}) {
    const std::string reply = ask(wrong, "");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 401 ")) << reply;
    EXPECT_NE(reply.find("WWW-Authenticate: Bearer realm=\"warmpathd\"\r\n"), std::string::npos) << reply;
  }
  EXPECT_EQ(s.requests, 0);
  EXPECT_NE(ask("Authorization: Bearer 0123456789abcdef\r\n", "control\n").find("GET /a  control\n"),
            std::string::npos);
}

TEST(AdminServer, WithoutTheTokenNoBodyIsReadOrKept) {
  Served s;
  const auto at = s.server.listen_control(parse_endpoint("127.0.0.1:0").value(), AdminToken("0123456789abcdef"));
  ASSERT_TRUE(at.has_value()) << at.error();
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ";
  Client announces(s.io, *at);
  EXPECT_TRUE(announces.ask(head + "16777216\r\n\r\n", "TOKEN").starts_with("HTTP/1.1 401 "));
  Client too_much(s.io, *at);
  EXPECT_TRUE(too_much.ask(head + "99999999\r\n\r\n", "TOKEN").starts_with("HTTP/1.1 401 "));
  // The answer is not overtaken by a reset, as it would be if what is sent were left unread.
  Client sends(s.io, *at);
  sends.send(head + "100000\r\n\r\n");
  sends.send(std::string(100'000, 'x'));
  EXPECT_TRUE(sends.receive("").starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(sends.closed());
  EXPECT_FALSE(sends.reset());
  EXPECT_EQ(s.requests, 0);
}

// The listening socket that is bound to the address, which the server keeps to itself.
int listening_at(const Endpoint& at) {
  for (int fd = 3; fd < 1024; ++fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) continue;
    sockaddr_in bound{};
    size = sizeof bound;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 && ntohs(bound.sin_port) == at.port)
      return fd;
  }
  return -1;
}

TEST(AdminServer, ListenersThatCannotAcceptTryAgainEachInItsOwnTime) {
  Served s;
  const auto other = s.server.listen_control(parse_endpoint("127.0.0.1:0").value(), AdminToken("0123456789abcdef"));
  ASSERT_TRUE(other.has_value()) << other.error();
  for (const Endpoint& at : {s.at, *other}) ASSERT_EQ(::shutdown(listening_at(at), SHUT_RD), 0);
  std::size_t handlers = 0;
  for (int i = 0; i < 1000; ++i) handlers += s.io.poll_one();
  EXPECT_LT(handlers, 100U) << "it spins";
}

TEST(AdminServer, ASocketLeftBehindIsReplacedAndALiveOneIsNot) {
  const std::string path = temporary_path("stale");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  Served s;
  const auto replaced = s.server.listen_control(ControlSocket{.path = path});
  ASSERT_TRUE(replaced.has_value()) << replaced.error();
  Served other;
  EXPECT_EQ(other.server.listen_control(ControlSocket{.path = path}).error(), "another process answers on " + path);
}

TEST(AdminServer, AFileInTheWayStays) {
  const std::string path = temporary_path("file");
  std::ofstream(path) << "precious";
  Served s;
  EXPECT_EQ(s.server.listen_control(ControlSocket{.path = path}).error(), path + " is there already and is no socket");
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST(AdminServer, ItMayGoWithConnectionsOpen) {
  boost::asio::io_context io;
  auto server = std::make_unique<AdminServer>(io, [](const AdminRequest&) { return AdminReply{}; });
  const Endpoint at = server->listen(parse_endpoint("127.0.0.1:0").value()).value();
  Client client(io, at);
  client.send("GET /a HT");
  ASSERT_TRUE(run_until(io, [&] { return server->connections() == 1; }));
  server.reset();
  client.receive("");
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace wp::control
