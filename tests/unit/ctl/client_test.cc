#include "tools/ctl/client.h"

#include <filesystem>
#include <fstream>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/ctl/served.h"

namespace wp::ctl {
namespace {

control::AdminReply echo(const control::AdminRequest& request) {
  const std::string body = std::string(request.method) + " " + std::string(request.target) + " " +
                           std::string(request.body) + (request.may_change ? " control" : " read-only");
  return {request.target == "/no" ? 409U : 200U, "text/plain", body, {}};
}

Target on_socket(const std::string& path) {
  Target target;
  target.socket = path;
  return target;
}

// A Unix socket that accepts into its backlog and never answers.
class Silent {
 public:
  Silent() : path(temporary_path("silent")), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 4), 0);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  ~Silent() {
    ::close(fd_);
    std::filesystem::remove(path);
  }
  // Takes the connection that waits, writes this into it and closes it.
  void answer(const std::string& text) const {
    const int peer = ::accept(fd_, nullptr, nullptr);
    ASSERT_GE(peer, 0);
    char piece[4096];
    EXPECT_GT(::recv(peer, piece, sizeof piece, 0), 0);
    EXPECT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    ::close(peer);
  }

  std::string path;

 private:
  int fd_;
};

TEST(Client, AsksOverTheSocketAndOverTcp) {
  const Served served(echo);
  auto answer = ask(on_socket(served.socket), {"POST", "/a?b", "body"});
  ASSERT_TRUE(answer.has_value()) << answer.error().line;
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, "POST /a?b body control");
  Target tcp;
  tcp.address = served.address;
  answer = ask(tcp, {.path = "/no"});
  ASSERT_TRUE(answer.has_value()) << answer.error().line;
  EXPECT_EQ(answer->status, 409U);
  EXPECT_EQ(answer->body, "GET /no  read-only");
}

TEST(Client, NobodyListeningSaysWhatToDo) {
  const std::string path = temporary_path("nobody");
  auto answer = ask(on_socket(path), {.path = "/"});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ExitCode::unreachable);
  EXPECT_EQ(answer.error().line, "no warmpathd listens on " + path + "; start it with --control-socket " + path +
                                     ", or name another with --socket");
  const std::string stale = temporary_path("file");
  std::ofstream(stale) << "no socket";
  answer = ask(on_socket(stale), {.path = "/"});
  std::filesystem::remove(stale);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ExitCode::unreachable);
}

TEST(Client, ADaemonThatDoesNotAnswerIsUnreachableInTime) {
  const Silent silent;
  Target target = on_socket(silent.path);
  target.timeout = millis(30);
  const auto answer = ask(target, {.path = "/"});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ExitCode::unreachable);
  EXPECT_NE(answer.error().line.find("did not answer within 30ms"), std::string::npos) << answer.error().line;
}

TEST(Client, SomethingElseThatListensIsNotUnderstood) {
  const Silent silent;
  std::thread other([&] { silent.answer("SSH-2.0-OpenSSH_9.2\r\n"); });
  auto answer = ask(on_socket(silent.path), {.path = "/"});
  other.join();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ExitCode::garbled) << answer.error().line;
  std::thread closer([&] { silent.answer(""); });
  answer = ask(on_socket(silent.path), {.path = "/"});
  closer.join();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ExitCode::unreachable) << answer.error().line;
}

}  // namespace
}  // namespace wp::ctl
