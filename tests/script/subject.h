// A TCP that scripts are played to: ours in simulated time, or the kernel's in real time. Where it and the peer stand
// that the script speaks for is in place.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/tcp/flow.h"
#include "tests/script/script.h"

namespace wp::script {

struct Sent {
  Instant at{};
  std::vector<std::byte> packet;
};

class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  [[nodiscard]] virtual For kind() const = 0;
  [[nodiscard]] virtual Instant now() = 0;
  // How far from its time something may be sent: before it, and after it.
  [[nodiscard]] virtual Duration early(Duration after) const = 0;
  [[nodiscard]] virtual Duration late(Duration after) const = 0;

  // The next packet that it sends, at the latest at `until`; time passes meanwhile.
  [[nodiscard]] virtual std::optional<Sent> next_packet(Instant until) = 0;
  // An IP packet arrives now.
  virtual void inject(const std::vector<std::byte>& packet) = 0;

  // The application. Each says what went wrong, nothing when all went well.
  [[nodiscard]] virtual std::string listen() = 0;
  [[nodiscard]] virtual std::string connect(unsigned connection) = 0;
  [[nodiscard]] virtual std::string accept(unsigned connection) = 0;
  [[nodiscard]] virtual std::string write(unsigned connection, const std::string& bytes) = 0;
  // Exactly as many bytes as are asked for, into `bytes`.
  [[nodiscard]] virtual std::string read(unsigned connection, std::uint32_t amount, std::string& bytes) = 0;
  [[nodiscard]] virtual std::string finish(unsigned connection) = 0;
  [[nodiscard]] virtual std::string close(unsigned connection) = 0;
  [[nodiscard]] virtual std::string abort(unsigned connection) = 0;

  // What the application sees: "open", "eof" (the peer closed, all is read), "failed", "empty" (nothing to read).
  [[nodiscard]] virtual bool sees(unsigned connection, const std::string& what) = 0;
  // The connection's state in the words of dataplane/tcp/state.h; "gone" when it does not exist.
  [[nodiscard]] virtual std::string state(const tcp::Flow& flow) = 0;
  // What is wrong with it beyond what the script says; looked at after each line.
  [[nodiscard]] virtual std::string complaint() { return {}; }
};

}  // namespace wp::script
