// The subject that is the kernel of this machine: sockets above, a tun device below, all in a network namespace of the
// process's own, in real time. What the kernel has and our stack has not (RACK, tail loss probes, another congestion
// control) is switched off, so that what is left can be compared.
#pragma once

#include <map>

#include "tests/script/subject.h"

namespace wp::script {

class Kernel final : public Subject {
 public:
  explicit Kernel(const Script& script);
  ~Kernel() override;

  // Moves this process into a network namespace with a device of its own; what is missing, if anything.
  [[nodiscard]] std::string enter();

  [[nodiscard]] For kind() const override { return For::kernel; }
  [[nodiscard]] Instant now() override;
  // Its clock ticks in steps of up to 4 ms, and the packet before may have been read late.
  [[nodiscard]] Duration early(Duration after) const override { return {millis(100).ns + after.ns / 50}; }
  // Other processes have the processor, too.
  [[nodiscard]] Duration late(Duration after) const override { return {millis(250).ns + after.ns / 5}; }
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

 private:
  [[nodiscard]] int domain() const;
  [[nodiscard]] std::string make_device();
  void set_options(int socket) const;
  // Whether poll() sees any of `events` within the patience that a busy machine asks for.
  [[nodiscard]] bool becomes(int file, short events) const;

  const Script* script_;
  int device_ = -1;
  int listener_ = -1;
  std::map<unsigned, int> sockets_;
};

}  // namespace wp::script
