// One connection of the load generator: sends a request, reads its reply, checks it and measures; then takes another.
// It may not know why a request is sent now, nor which comes next.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/stream/port.h"
#include "tools/load/reply_check.h"
#include "tools/load/request.h"
#include "tools/load/stamps.h"
#include "tools/load/tally.h"

namespace wp::load {

struct ClientConfig {
  std::string authority;    // the Host field
  std::string head_fields;  // further field lines, each with its CRLF
  bool stamped = false;     // replicas run with --stamps
  bool keep_alive = true;   // else every request is sent on a fresh connection
  http::HeadLimits head;
};

// `ended`: the port was closed or reset and must not be touched again.
enum class ClientState : std::uint8_t { idle, busy, ended };

// A request that was sent, and what has come of its reply.
struct Flight {
  Request request;
  Instant intended;
  bool sampled = false;
  bool byte_seen = false;
  bool head_read = false;
  std::uint16_t status = 0;
  std::uint32_t tokens = 0;
  Instant last_token;
  Stamps stamps;
  std::string replica;
  std::optional<ReplicaTally> prompt;  // as the simulated replica's own fields say
  std::unique_ptr<ReplyCheck> check;
};

class Client {
 public:
  Client(stream::StreamPort& port, const ClientConfig& config, Tally& tally);

  // Sends a request; the client must be idle. `sampled`: its times go into the tally.
  void send(Request&& request, Instant intended, Instant now, bool sampled);
  // Works off what the port has.
  [[nodiscard]] ClientState on_port(Instant now);
  // Ends the connection; a request under way is counted so.
  void give_up(Outcome outcome, std::string_view why);

  // Bytes wait for a buffer, and no event will say when there is one: on_port() is to be called again soon.
  [[nodiscard]] bool starved() const { return starved_; }

 private:
  void drain();
  [[nodiscard]] bool queue(std::string_view bytes, std::size_t& at);
  [[nodiscard]] ClientState end(Outcome outcome, std::string_view why);
  [[nodiscard]] ClientState broken();
  [[nodiscard]] ClientState read(Instant now);
  void head_complete();
  [[nodiscard]] bool take_body(stream::Bytes payload, Instant now);
  void note_tokens(Instant now);
  [[nodiscard]] ClientState reply_complete(Instant now);

  stream::StreamPort& port_;
  const ClientConfig& config_;
  Tally& tally_;
  std::vector<char> head_room_;
  http::ReplyHeadReader head_reader_;
  http::BodyReader body_reader_;
  std::optional<Flight> flight_;
  std::string head_;  // of the request being sent
  std::size_t head_at_ = 0;
  std::size_t body_at_ = 0;
  bool starved_ = false;
};

}  // namespace wp::load
