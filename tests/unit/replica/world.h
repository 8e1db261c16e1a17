// A server of replicas and its clients in the stream world: pairs instead of sockets, time moved by hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/stream/pair.h"
#include "tools/replica/server.h"

namespace wp::replica {

// One reply taken out of the bytes that came.
struct Reply {
  int status = 0;
  std::string head;  // all lines, with the blank one
  std::string body;  // without its framing
  bool keep_alive = true;

  // The value of a field, by its lower-case name; empty when absent.
  [[nodiscard]] std::string field(const std::string& name) const;
};

class World {
 public:
  static constexpr std::uint16_t kPort = 9001;

  // 1,000 tokens a second of prefill, 100 a second of decoding, 5 ms overhead, blocks of 4, capacity 4,000 tokens.
  [[nodiscard]] static ReplicaConfig config();
  explicit World(ReplicaConfig config = World::config(), const ConnectionLimits& limits = {});

  // Adds a replica on the next port.
  Replica& add(ReplicaConfig config);

  // Opens a connection to a replica's port; the number names it below.
  std::size_t connect(std::uint16_t port = kPort);
  void send(std::size_t client, std::string_view text);
  // Half-closes, resets, or stops and resumes reading.
  void finish(std::size_t client) { port(client).finish(); }
  void reset(std::size_t client);
  void stop_reading(std::size_t client, bool stop = true) { clients_[client].stopped = stop; }

  // Lets time pass, working off everything at its exact due time.
  void run_for(Duration d) { run_until(now_ + d); }
  void run_until(Instant end);
  // As run_for, until the connection has brought `n` complete replies; fails after 1,000 s.
  std::vector<Reply> replies(std::size_t client, std::size_t n = 1);
  // Sends a POST with this body and waits for its reply.
  Reply post(std::string_view path, std::string_view body);
  Reply get(std::string_view path);

  // What came and was not taken by replies().
  [[nodiscard]] std::string& received(std::size_t client) { return clients_[client].received; }
  // The server's FIN or reset has come.
  [[nodiscard]] bool closed(std::size_t client);
  [[nodiscard]] bool failed(std::size_t client) { return port(client).failed(); }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Replica& replica(std::size_t i = 0) { return *replicas_[i]; }
  [[nodiscard]] Server& server() { return server_; }
  [[nodiscard]] stream::PortTable& server_ports() { return server_ports_; }
  void set_piece(std::uint32_t bytes) { piece_ = bytes; }  // at most so many are carried at once

 private:
  struct Client {
    std::unique_ptr<stream::StreamPair> pair;
    std::string received;
    bool stopped = false;
  };

  [[nodiscard]] stream::StreamPort& port(std::size_t client);
  bool turn();

  stream::PortTable client_ports_;
  stream::PortTable server_ports_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  Server server_;
  std::vector<Client> clients_;
  Instant now_{seconds(100).ns};
  std::uint32_t piece_ = UINT32_MAX;
};

// A POST of JSON as a client writes it.
inline constexpr std::string_view kChat = "/v1/chat/completions";
[[nodiscard]] std::string post_text(std::string_view path, std::string_view body);

// `expected` with the id that the replica chose, which stands behind `prefix` in the body, for every "ID".
[[nodiscard]] std::string with_id(std::string expected, const std::string& body, const std::string& prefix);

// Takes a complete reply from the front of `text`; false when it is not all there.
[[nodiscard]] bool take_reply(std::string& text, Reply& reply);

}  // namespace wp::replica
