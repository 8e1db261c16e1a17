// A ZeroMQ socket that connects to one peer, on an io_context: whole messages come and go, nothing waits. What the peer
// sends is bounded in size and number; it is connected to again and again when it is gone.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace wp::feeds {

class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  [[nodiscard]] void* get() const { return context_; }

 private:
  void* context_;
};

class ZmqSocket {
 public:
  enum class Type : std::uint8_t { subscriber, dealer };
  using Frames = std::vector<std::string>;
  // Its socket may not be destroyed from within.
  using Received = std::function<void(const Frames& frames)>;

  // To "tcp://HOST:PORT"; a subscriber is sent everything. The context and the io_context outlive it. The error is one
  // line.
  [[nodiscard]] static std::expected<std::unique_ptr<ZmqSocket>, std::string> connect(boost::asio::io_context& io,
                                                                                      const ZmqContext& context,
                                                                                      Type type,
                                                                                      const std::string& endpoint,
                                                                                      Received received);
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;
  ~ZmqSocket();

  // A message for which there is no room is lost.
  void send(const std::vector<std::string_view>& frames);

 private:
  struct State;
  explicit ZmqSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace wp::feeds
