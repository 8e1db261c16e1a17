// A connection and a peer made by hand: the test says what the peer sends and looks at what the connection answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/stream/port_table.h"
#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using wire::TcpFlag;
using wire::TcpFlags;
using wire::TcpHeader;

class ConnectionTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kOurs = 5'000;    // our initial sequence number
  static constexpr std::uint32_t kTheirs = 9'000;  // the peer's
  static constexpr std::uint32_t kLimit = 20'000;  // of either queue
  static constexpr TcpFlags kAck{TcpFlag::ack};
  static constexpr TcpFlags kSyn{TcpFlag::syn};
  static constexpr TcpFlags kFinAck{TcpFlag::fin, TcpFlag::ack};
  static constexpr TcpFlags kRst{TcpFlag::rst};

  ConnectionTest() { config_.quick_acks = 0; }
  ~ConnectionTest() override {
    if (connection_) {
      EXPECT_EQ(connection_->broken_invariant(port()), "");
    }
  }

  [[nodiscard]] Connection::Opening opening() const {
    return {.now = now_, .initial = SeqNumber(kOurs), .timestamp_offset = 0, .receive_limit = kLimit, .mss = 1'460};
  }
  [[nodiscard]] Shared& shared() {
    if (!shared_) shared_.emplace(config_, 64, rng_);
    return *shared_;
  }
  [[nodiscard]] static TcpHeader syn() {
    TcpHeader made{.sequence = SeqNumber(kTheirs), .flags = kSyn, .window = 60'000};
    made.options.mss = 1'000;
    return made;
  }
  stream::StreamPort* port() { return ports_.find(id_); }
  stream::StreamPort& make_port() {
    id_ = ports_.connect({.port = 1, .family = Endpoint::Family::v4});
    port()->connect_started();
    port()->opened();
    return *port();
  }
  // In ESTABLISHED, MSS 1000 both ways, without timestamps.
  void establish(const TcpHeader& with = syn()) {
    connection_.emplace(shared(), opening(), with);
    ASSERT_EQ(sent().size(), 1U);
    make_port();
    receive(1, 1, kAck);
    ASSERT_EQ(connection_->state(), State::established);
    ASSERT_TRUE(sent().empty());
    static_cast<void>(events());
  }

  // A segment whose numbers count from the initial ones.
  Verdict receive(std::uint32_t sequence, std::uint32_t acknowledgment, TcpFlags flags, std::string_view text = "",
                  std::uint16_t window = 60'000) {
    return receive(TcpHeader{.sequence = SeqNumber(kTheirs + sequence),
                             .acknowledgment = SeqNumber(kOurs + acknowledgment),
                             .flags = flags,
                             .window = window},
                   text);
  }
  Verdict receive(const TcpHeader& header, std::string_view text = "") {
    stream::Slice payload;
    if (!text.empty()) {
      payload = ports_.receive_pool().take();
      std::memcpy(payload.writable().data(), text.data(), text.size());
      payload.set_range(0, static_cast<std::uint32_t>(text.size()));
    }
    return connection_->on_segment(now_, header, std::move(payload), port());
  }
  // All that it wants to send now.
  std::vector<Transmission> sent() {
    std::vector<Transmission> all;
    while (const auto one = connection_->poll_transmit(now_, port())) all.push_back(*one);
    EXPECT_EQ(connection_->broken_invariant(port()), "");
    return all;
  }
  std::vector<Event> events() {
    std::vector<Event> all;
    while (const auto one = connection_->poll_event()) all.push_back(*one);
    return all;
  }
  // To the next deadline, and what is sent then.
  std::vector<Transmission> wait() {
    EXPECT_NE(connection_->next_deadline(), kNever);
    now_ = connection_->next_deadline();
    connection_->on_timer(now_, port());
    return sent();
  }
  void queue(std::size_t bytes) { ASSERT_TRUE(port()->append(std::vector<std::byte>(bytes))); }
  std::string received() {
    std::string text;
    while (!port()->rx().empty()) {
      const auto bytes = port()->rx().front().bytes();
      text += stream::as_text(bytes);
      port()->consume(static_cast<std::uint32_t>(bytes.size()));
    }
    return text;
  }
  static std::uint32_t offset(const Transmission& t) { return t.header.sequence.value() - kOurs; }
  static std::uint32_t acknowledged(const Transmission& t) { return t.header.acknowledgment.value() - kTheirs; }

  TcpConfig config_;
  Rng rng_{1};
  Instant now_{seconds(100).ns};
  stream::PortTable ports_{{.ports = 4,
                            .nodes = 256,
                            .receive_entries = 64,
                            .receive_bytes = 2'048,
                            .slab_entries = 64,
                            .rx_limit = kLimit,
                            .tx_limit = kLimit}};
  stream::PortId id_;
  std::optional<Shared> shared_;
  std::optional<Connection> connection_;
};

}  // namespace wp::tcp
