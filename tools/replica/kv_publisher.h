// Publishes KV cache events over ZeroMQ as vLLM does: a PUB socket sends [topic, number, batch], numbers from 0 without
// gaps, and a ROUTER socket sends the last batches again to who missed some. A thread of its own does both.
//
// A replay's request is [number of the first wanted], its reply one message a batch and one that says it is over:
// [topic, number, batch] and ["", -1, ""] with EventFormat::map, [number, batch] and [-1, ""] with array, as those
// versions of vLLM have it; before each stands the empty frame of a DEALER. Numbers are 8 bytes, big endian.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <thread>

#include "tools/replica/kv_events.h"

namespace wp::replica {

struct KvPublisherConfig {
  std::string host = "127.0.0.1";  // as in a URL
  std::uint16_t port = 5557;       // 0: the system chooses
  std::uint16_t replay_port = 5558;
  std::string topic;
  EventEncoding encoding;
  std::uint32_t kept = 10'000;  // batches that can be asked for again
};

class KvPublisher {
 public:
  // Binds both sockets. The error is one sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<KvPublisher>, std::string> create(const KvPublisherConfig& config);
  ~KvPublisher();
  KvPublisher(const KvPublisher&) = delete;
  KvPublisher& operator=(const KvPublisher&) = delete;

  // Sends a batch, which is not empty. Waits only while 100,000 others wait to be sent.
  void publish(const std::string& batch);

  // Where the sockets are bound: "tcp://HOST:PORT".
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] const std::string& replay_endpoint() const { return replay_endpoint_; }

 private:
  KvPublisher() = default;

  void* context_ = nullptr;
  void* feed_ = nullptr;  // batches on their way to the thread; an empty one ends it
  std::string endpoint_;
  std::string replay_endpoint_;
  std::thread thread_;
};

}  // namespace wp::replica
