// The connection to warmpathd: HTTP over a Unix socket that is kept, one request after the other.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace wp::feeds {

class GatewayLink {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;
  };
  // The error: the connection is gone, and with it the link.
  using Answered = std::function<void(std::expected<Answer, std::string>)>;

  // Over a connected socket that was handed to this process, which it takes, or by the path of a control socket. The
  // error is one line. The io_context outlives the link.
  [[nodiscard]] static std::expected<std::unique_ptr<GatewayLink>, std::string> adopt(boost::asio::io_context& io,
                                                                                      int descriptor);
  [[nodiscard]] static std::expected<std::unique_ptr<GatewayLink>, std::string> connect(boost::asio::io_context& io,
                                                                                        const std::string& path);
  GatewayLink(const GatewayLink&) = delete;
  GatewayLink& operator=(const GatewayLink&) = delete;
  ~GatewayLink();

  // Behind what was asked before, in order. Calls `answered` once, later.
  void ask(const std::string& method, const std::string& path, std::string body, Answered answered);

 private:
  struct State;
  explicit GatewayLink(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace wp::feeds
