// A server on the loopback that answers health checks as a test tells it to.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "dataplane/base/endpoint.h"

namespace wp::control {

inline std::string status_reply(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 2\r\n\r\nok";
}

class HealthPeer {
 public:
  using tcp = boost::asio::ip::tcp;

  // `reply`: written as it is, the connection then closed; empty: nothing is ever said.
  HealthPeer(boost::asio::io_context& io, std::string reply)
      : reply(std::move(reply)), acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    at_ = parse_endpoint("127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port())).value();
    accept();
  }
  HealthPeer(const HealthPeer&) = delete;
  HealthPeer& operator=(const HealthPeer&) = delete;

  [[nodiscard]] const Endpoint& at() const { return at_; }
  // Nobody listens any more.
  void stop() { acceptor_.close(); }

  std::string reply;
  bool closes = true;  // behind the reply
  int asked = 0;
  int waiting = 0;  // connections that got no reply yet
  std::string last_request;

 private:
  struct Served {
    explicit Served(tcp::socket from) : socket(std::move(from)) {}
    tcp::socket socket;
    std::string request;
    std::string out;
    char rest = 0;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      serve(std::make_shared<Served>(std::move(socket)));
      accept();
    });
  }

  void serve(const std::shared_ptr<Served>& served) {
    boost::asio::async_read_until(served->socket, boost::asio::dynamic_buffer(served->request), "\r\n\r\n",
                                  [this, served](const boost::system::error_code& error, std::size_t) {
                                    if (error) return;
                                    ++asked;
                                    last_request = served->request;
                                    answer(served);
                                  });
  }

  void answer(const std::shared_ptr<Served>& served) {
    served->out = reply;
    ++waiting;
    boost::asio::async_write(served->socket, boost::asio::buffer(served->out),
                             [this, served](const boost::system::error_code&, std::size_t) {
                               if (closes && !served->out.empty()) {
                                 --waiting;
                                 return;
                               }
                               hold(served);
                             });
  }

  // Until the other side closes.
  void hold(const std::shared_ptr<Served>& served) {
    served->socket.async_read_some(boost::asio::buffer(&served->rest, 1),
                                   [this, served](const boost::system::error_code&, std::size_t) { --waiting; });
  }

  tcp::acceptor acceptor_;
  Endpoint at_;
};

}  // namespace wp::control
