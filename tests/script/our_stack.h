// The subject that is ours: a stack with its ports in simulated time. Everything it sends is looked at in the moment
// in which it is sent.
#pragma once

#include <deque>
#include <map>

#include "dataplane/base/rng.h"
#include "dataplane/stream/port_table.h"
#include "dataplane/tcp/stack.h"
#include "tests/script/subject.h"

namespace wp::script {

class OurStack final : public Subject {
 public:
  explicit OurStack(const Script& script);

  [[nodiscard]] For kind() const override { return For::ours; }
  [[nodiscard]] Instant now() override { return now_; }
  // A tick of the wheel, and the millisecond that timestamps are rounded to.
  [[nodiscard]] Duration early(Duration /*after*/) const override { return micros(100); }
  [[nodiscard]] Duration late(Duration /*after*/) const override { return millis(3); }
  [[nodiscard]] std::optional<Sent> next_packet(Instant until) override;
  void inject(const std::vector<std::byte>& packet) override;
  [[nodiscard]] std::string listen() override;
  [[nodiscard]] std::string connect(unsigned connection) override;
  [[nodiscard]] std::string accept(unsigned connection) override;
  [[nodiscard]] std::string write(unsigned connection, const std::string& bytes) override;
  [[nodiscard]] std::string read(unsigned connection, std::uint32_t amount, std::string& bytes) override;
  [[nodiscard]] std::string finish(unsigned connection) override;
  [[nodiscard]] std::string close(unsigned connection) override;
  [[nodiscard]] std::string abort(unsigned connection) override;
  [[nodiscard]] bool sees(unsigned connection, const std::string& what) override;
  [[nodiscard]] std::string state(const tcp::Flow& flow) override;
  [[nodiscard]] std::string complaint() override { return std::string(stack_.broken_invariant()); }

 private:
  // The connection's port, or nullptr when the application has none.
  [[nodiscard]] stream::StreamPort* port(unsigned connection);
  // Timers that are due, what ports want, and all that is then sent.
  void turn();
  void take_icmp(wire::Bytes packet);

  Family family_;
  Instant now_{seconds(1'000).ns};
  Rng rng_{1};
  stream::PortTable ports_;
  tcp::Stack stack_;
  std::map<unsigned, stream::PortId> port_of_;
  std::deque<Sent> sent_;
};

}  // namespace wp::script
