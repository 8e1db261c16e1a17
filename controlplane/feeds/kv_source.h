// The KV events of one engine as vLLM and SGLang offer them: what is published live, and what was, asked for again.
// Moves bytes, and knows of them only where the numbers and the batches are.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "controlplane/feeds/zmq_socket.h"
#include "dataplane/base/endpoint.h"

namespace wp::feeds {

class KvSource {
 public:
  // Called from the io_context; the source may not be destroyed from within.
  struct Events {
    std::function<void(std::uint64_t number, std::string_view batch)> published;
    std::function<void(std::uint64_t number, std::string_view batch)> replayed;
    std::function<void()> replay_ended;
    std::function<void()> garbled;  // a message of another form
  };

  KvSource(boost::asio::io_context& io, const ZmqContext& context, Events events)
      : io_(io), context_(context), events_(std::move(events)) {}

  // The error is one line.
  [[nodiscard]] std::expected<void, std::string> open(const Endpoint& host, std::uint16_t events_port,
                                                      std::uint16_t replay_port);
  // For all batches from that number on. What was asked for before does not come any more; where nothing can be asked,
  // nothing comes.
  void ask(std::uint64_t from);

 private:
  void on_published(const ZmqSocket::Frames& frames);
  void on_replayed(const ZmqSocket::Frames& frames);

  boost::asio::io_context& io_;
  const ZmqContext& context_;
  Events events_;
  std::string replay_endpoint_;
  std::unique_ptr<ZmqSocket> live_;
  std::unique_ptr<ZmqSocket> asker_;
};

}  // namespace wp::feeds
