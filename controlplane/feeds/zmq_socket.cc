#include "controlplane/feeds/zmq_socket.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <zmq.h>

#include "dataplane/base/assert.h"

namespace wp::feeds {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kMaxMessage = std::int64_t{8} << 20U;  // bytes; a peer that sends more is let go by ZeroMQ
constexpr int kMaxWaiting = 100'000;                          // messages, as many as vLLM's own mark
constexpr std::size_t kMaxFrames = 8;                         // of a message; the rest is not kept
constexpr int kAtOnce = 256;                                  // messages before others are served
constexpr int kMaxSockets = 1 << 15;
constexpr int kReconnect = 100;  // ms, at first
constexpr int kReconnectMost = 2000;

template <class T>
void set(void* socket, int option, T value) {
  const int rc = zmq_setsockopt(socket, option, &value, sizeof value);
  WP_ASSERT(rc == 0);
}

}  // namespace

ZmqContext::ZmqContext() : context_(zmq_ctx_new()) {
  WP_ASSERT(context_ != nullptr);
  zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, kMaxSockets);
}

ZmqContext::~ZmqContext() {
  zmq_ctx_term(context_);
}

struct ZmqSocket::State : std::enable_shared_from_this<State> {
  State(asio::io_context& on, void* made, Received to) : io(on), socket(made), ready(on), received(std::move(to)) {}
  ~State() { close(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // At once, though handlers are still to come: the context waits for its sockets.
  void close() {
    received = nullptr;
    if (ready.is_open()) ready.release();  // it is ZeroMQ's
    if (socket != nullptr) zmq_close(std::exchange(socket, nullptr));
  }

  void wait() {
    if (!received || waiting) return;
    waiting = true;
    // ZeroMQ's descriptor tells of changes only: whatever there is must have been taken before.
    ready.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting = false;
                       if (!error) self->drain();
                     });
  }

  void drain() {
    for (int taken = 0; received; ++taken) {
      if (taken == kAtOnce) {
        asio::post(io, [self = shared_from_this()] { self->drain(); });
        return;
      }
      Frames frames;
      if (!take(frames)) break;
      received(frames);
    }
    wait();
  }

  [[nodiscard]] bool take(Frames& frames) const {
    for (int more = 1; more != 0;) {
      zmq_msg_t message;
      zmq_msg_init(&message);
      const int size = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT);
      if (size >= 0 && frames.size() < kMaxFrames) {
        frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
      }
      more = size >= 0 ? zmq_msg_more(&message) : 0;
      zmq_msg_close(&message);
      if (size < 0) return false;
    }
    return true;
  }

  asio::io_context& io;
  void* socket;
  asio::posix::stream_descriptor ready;
  Received received;  // none: it is closed
  bool waiting = false;
};

std::expected<std::unique_ptr<ZmqSocket>, std::string> ZmqSocket::connect(asio::io_context& io,
                                                                          const ZmqContext& context, Type type,
                                                                          const std::string& endpoint,
                                                                          Received received) {
  void* socket = zmq_socket(context.get(), type == Type::subscriber ? ZMQ_SUB : ZMQ_DEALER);
  if (socket == nullptr) return std::unexpected(std::string("ZeroMQ: ") + zmq_strerror(zmq_errno()));
  auto state = std::make_shared<State>(io, socket, std::move(received));
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_IPV6, 1);
  set(socket, ZMQ_MAXMSGSIZE, kMaxMessage);
  set(socket, ZMQ_RCVHWM, kMaxWaiting);
  set(socket, ZMQ_RECONNECT_IVL, kReconnect);
  set(socket, ZMQ_RECONNECT_IVL_MAX, kReconnectMost);
  if (type == Type::subscriber) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
  if (zmq_connect(socket, endpoint.c_str()) != 0) {
    return std::unexpected(endpoint + ": " + zmq_strerror(zmq_errno()));
  }
  int descriptor = -1;
  std::size_t size = sizeof descriptor;
  const int rc = zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size);
  WP_ASSERT(rc == 0);
  state->ready.assign(descriptor);
  asio::post(io, [state] { state->drain(); });
  return std::unique_ptr<ZmqSocket>(new ZmqSocket(std::move(state)));
}

ZmqSocket::~ZmqSocket() {
  state_->close();
}

void ZmqSocket::send(const std::vector<std::string_view>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
    if (zmq_send(state_->socket, frames[i].data(), frames[i].size(), ZMQ_DONTWAIT | more) < 0) return;
  }
  // Sending may have taken note of what came in, and of that the descriptor does not tell again.
  asio::post(state_->io, [state = state_] { state->drain(); });
}

}  // namespace wp::feeds
