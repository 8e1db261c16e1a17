#include "tools/replica/kv_publisher.h"

#include <array>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <zmq.h>

#include "dataplane/base/assert.h"

namespace wp::replica {
namespace {

constexpr const char* kFeed = "inproc://batches";
constexpr int kHighWater = 100'000;  // vLLM's hwm and max_queue_size
constexpr std::size_t kNumberBytes = 8;

std::string number_frame(std::uint64_t number) {
  std::string frame(kNumberBytes, '\0');
  for (std::size_t i = 0; i < kNumberBytes; ++i) frame[i] = static_cast<char>(number >> (56 - 8 * i));
  return frame;
}

std::optional<std::uint64_t> number_in(std::string_view frame) {
  if (frame.size() != kNumberBytes) return {};
  std::uint64_t number = 0;
  for (const char c : frame) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

// A subscriber or asker that is gone, or too slow, loses what is sent: the socket drops it.
void send(void* socket, const std::vector<std::string_view>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
    if (zmq_send(socket, frames[i].data(), frames[i].size(), ZMQ_DONTWAIT | more) < 0) return;
  }
}

std::vector<std::string> receive(void* socket) {
  std::vector<std::string> frames;
  for (int more = 1; more != 0;) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    const int size = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT);
    if (size >= 0) frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = size >= 0 ? zmq_msg_more(&message) : 0;
    zmq_msg_close(&message);
  }
  return frames;
}

void set(void* socket, int option, int value) {
  const int rc = zmq_setsockopt(socket, option, &value, sizeof value);
  WP_ASSERT(rc == 0);
}

// The thread's own: sockets, and the batches that can be asked for again.
class Desk {
 public:
  Desk(void* batches, void* live, void* replay, const KvPublisherConfig& config)
      : batches_(batches), live_(live), replay_(replay), config_(config) {}
  ~Desk() {
    for (void* socket : {batches_, live_, replay_}) zmq_close(socket);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void run() {
    for (;;) {
      std::array<zmq_pollitem_t, 2> wanted = {{{batches_, 0, ZMQ_POLLIN, 0}, {replay_, 0, ZMQ_POLLIN, 0}}};
      if (zmq_poll(wanted.data(), static_cast<int>(wanted.size()), -1) < 0) continue;  // a signal
      if ((wanted[1].revents & ZMQ_POLLIN) != 0) answer(receive(replay_));
      if ((wanted[0].revents & ZMQ_POLLIN) == 0) continue;
      auto frames = receive(batches_);
      if (frames.empty()) continue;
      if (frames.front().empty()) return;
      publish(std::move(frames.front()));
    }
  }

 private:
  void publish(std::string batch) {
    send(live_, {config_.topic, number_frame(next_), batch});
    kept_.push_back(std::move(batch));
    ++next_;
    if (kept_.size() > config_.kept) kept_.pop_front();
  }

  void answer(const std::vector<std::string>& asked) {
    if (asked.size() != 3 || !asked[1].empty()) return;  // who, the empty frame, and from where
    const auto from = number_in(asked[2]);
    if (!from) return;
    const std::uint64_t oldest = next_ - kept_.size();
    for (std::uint64_t number = std::max(*from, oldest); number < next_; ++number) {
      reply(asked[0], config_.topic, number_frame(number), kept_[number - oldest]);
    }
    reply(asked[0], {}, number_frame(UINT64_MAX), {});
  }

  void reply(std::string_view who, std::string_view topic, std::string_view number, std::string_view batch) {
    if (config_.encoding.format == EventFormat::map) {
      send(replay_, {who, {}, topic, number, batch});
    } else {
      send(replay_, {who, {}, number, batch});
    }
  }

  void* batches_;
  void* live_;
  void* replay_;
  KvPublisherConfig config_;
  std::deque<std::string> kept_;
  std::uint64_t next_ = 0;  // number of the next batch
};

std::expected<std::string, std::string> bind(void* socket, const std::string& host, std::uint16_t port) {
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_IPV6, 1);
  const std::string endpoint = "tcp://" + host + ":" + (port == 0 ? "*" : std::to_string(port));
  if (zmq_bind(socket, endpoint.c_str()) != 0) {
    return std::unexpected("KV events at " + endpoint + ": " + zmq_strerror(zmq_errno()));
  }
  std::array<char, 256> bound{};
  std::size_t size = bound.size();
  const int rc = zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound.data(), &size);
  WP_ASSERT(rc == 0);
  return std::string(bound.data());
}

}  // namespace

std::expected<std::unique_ptr<KvPublisher>, std::string> KvPublisher::create(const KvPublisherConfig& config) {
  std::unique_ptr<KvPublisher> made(new KvPublisher);
  made->context_ = zmq_ctx_new();
  void* live = zmq_socket(made->context_, ZMQ_PUB);
  void* replay = zmq_socket(made->context_, ZMQ_ROUTER);
  void* batches = zmq_socket(made->context_, ZMQ_PAIR);
  made->feed_ = zmq_socket(made->context_, ZMQ_PAIR);
  WP_ASSERT(live != nullptr && replay != nullptr && batches != nullptr && made->feed_ != nullptr);
  auto desk = std::make_unique<Desk>(batches, live, replay, config);
  set(live, ZMQ_SNDHWM, kHighWater);
  set(replay, ZMQ_SNDHWM, kHighWater);
  set(batches, ZMQ_RCVHWM, kHighWater);
  for (void* socket : {batches, made->feed_}) set(socket, ZMQ_LINGER, 0);
  const auto endpoint = bind(live, config.host, config.port);
  if (!endpoint) return std::unexpected(endpoint.error());
  const auto replay_endpoint = bind(replay, config.host, config.replay_port);
  if (!replay_endpoint) return std::unexpected(replay_endpoint.error());
  made->endpoint_ = *endpoint;
  made->replay_endpoint_ = *replay_endpoint;
  const int rc = zmq_bind(batches, kFeed) | zmq_connect(made->feed_, kFeed);
  WP_ASSERT(rc == 0);
  made->thread_ = std::thread([desk = std::move(desk)]() mutable {
    desk->run();
    desk.reset();  // sockets are closed by the thread that used them
  });
  return made;
}

KvPublisher::~KvPublisher() {
  if (thread_.joinable()) {
    publish({});
    thread_.join();
  }
  zmq_close(feed_);
  zmq_ctx_term(context_);
}

void KvPublisher::publish(const std::string& batch) {
  while (zmq_send(feed_, batch.data(), batch.size(), 0) < 0) WP_ASSERT(zmq_errno() == EINTR);
}

}  // namespace wp::replica
