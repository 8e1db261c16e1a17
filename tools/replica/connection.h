// One client connection of a replica: reads requests one after the other (pipelined ones wait in the port), answers
// them in order, whole or as events while the engine makes tokens, and tells the engine at once when the client goes.
//
// A FIN counts as going, as it does for the engines' own servers: a client that half-closes before its reply gets none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/http/writer.h"
#include "dataplane/stream/port.h"
#include "tools/replica/replica.h"

namespace wp::replica {

struct ConnectionLimits {
  http::HeadLimits head;
  std::uint64_t max_body = 64ULL * 1024 * 1024;
  std::uint32_t max_requests = 0;  // answered on one connection, the last with "Connection: close"; 0: no limit
  bool stamps = false;             // a comment line before each piece of a stream says when it was written
  Duration idle_close;             // closes a connection that sends nothing for so long between replies; 0: never
};

enum class Life : std::uint8_t { open, ended };

// A request that the engine works on, and how much of its reply has been written.
struct Exchange {
  RequestId engine_id = 0;
  Answer answer;
  std::uint32_t produced = 0;  // tokens that the engine made
  std::uint32_t written = 0;   // tokens that were put into the reply
  Ailments ailments;
  Instant not_before;  // held back until then
  bool head_written = false;
  bool finished = false;  // the engine is done
};

class Connection {
 public:
  Connection(stream::StreamPort& port, Replica& replica, const ConnectionLimits& limits, Instant now);

  // Each returns `ended` when the port was closed or aborted: the connection is to be dropped, the port not touched.
  [[nodiscard]] Life on_port(Instant now);
  [[nodiscard]] Life on_engine(const Event& event, Instant now);
  [[nodiscard]] Life on_deadline(Instant now);

  // When on_deadline() is due; kNever while a reply is being made.
  [[nodiscard]] Instant deadline() const;
  // Bytes wait for a buffer, and no event will say when there is one: on_port() is to be called again soon.
  [[nodiscard]] bool starved() const { return starved_; }
  [[nodiscard]] stream::PortId id() const { return port_.id(); }

 private:
  enum class State : std::uint8_t { reading_head, reading_body, answering };

  [[nodiscard]] Life run(Instant now);
  [[nodiscard]] bool client_gone() const;
  [[nodiscard]] Life give_up(Instant now);
  void cancel(Instant now);
  [[nodiscard]] bool drain(Instant now);
  [[nodiscard]] std::size_t drain_allowance(Instant now);
  [[nodiscard]] Duration idle_close() const;
  void read(Instant now);
  void head_complete(Instant now);
  void take_body(stream::Bytes input, Instant now);
  void request_complete(Instant now);
  void call_api(Instant now);
  void set_health();
  void set_faults();
  void reset_cache();
  void refuse(const Error& error);
  [[nodiscard]] bool authorised() const;

  // Writes more of the reply, if there is more: whole() or a chunk of events.
  [[nodiscard]] bool write_more(Instant now);
  void write_events(Instant now);
  void write_half();
  [[nodiscard]] bool broken_off() const;
  void write_head(std::uint16_t status, std::string_view type, http::Framing framing, std::uint64_t length);
  [[nodiscard]] std::string asked_load_report() const;
  void respond(std::uint16_t status, std::string_view type, std::string_view body);
  void respond_error(const ApiError& error);
  void refuse_on_purpose(std::uint16_t status);
  void next_request();
  void log(Happened what, Instant now);

  stream::StreamPort& port_;
  Replica& replica_;
  const ConnectionLimits& limits_;
  std::vector<char> head_room_;
  http::RequestHeadReader head_reader_;
  http::BodyReader body_reader_;
  State state_ = State::reading_head;
  const Api* api_ = nullptr;  // of the request being read or answered
  std::string body_;
  std::optional<Exchange> exchange_;
  std::string out_;  // bytes of the reply that the port has no room for yet
  std::size_t out_at_ = 0;
  std::uint32_t requests_ = 0;
  bool closing_ = false;           // after what is in out_
  std::uint16_t retry_after_ = 0;  // seconds that the next head names; 0: none
  double drain_rate_ = 0;          // bytes a second of the reply; 0: as fast as it goes
  Instant draining_since_;
  std::uint64_t drained_ = 0;
  Instant read_after_;     // nothing is read before
  Instant wake_ = kNever;  // when something that a fault holds back goes on
  bool starved_ = false;
  Instant last_activity_;
};

}  // namespace wp::replica
