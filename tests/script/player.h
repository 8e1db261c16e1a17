// Plays a script to a subject.
#pragma once

#include <map>
#include <string>

#include "dataplane/tcp/flow.h"
#include "dataplane/wire/tcp.h"
#include "tests/script/script.h"
#include "tests/script/subject.h"

namespace wp::script {

class Player {
 public:
  Player(const Script& script, Subject& subject);

  // "line N: what went wrong", or nothing.
  [[nodiscard]] std::string play();

 private:
  // What is known of one connection.
  struct Talk {
    tcp::Flow flow{};  // as the subject sees it
    Number subject_number;
    std::uint32_t peer_number = 1'000'000;
    std::uint32_t subject_timestamp = 0;
    std::uint32_t written = 0;  // by the subject's application
    std::uint32_t read = 0;
  };

  [[nodiscard]] Talk& talk(unsigned connection);
  [[nodiscard]] std::string step(const Line& line);
  // Lets time pass; anything that is sent meanwhile is too much.
  [[nodiscard]] std::string pass(Instant until);
  [[nodiscard]] std::string do_packet(const Line& line, const PacketLine& packet);
  [[nodiscard]] std::string do_too_big(const TooBigLine& too_big, unsigned connection);
  [[nodiscard]] std::string do_command(const CommandLine& command, unsigned connection);
  [[nodiscard]] std::string do_read(const CommandLine& command, unsigned connection);
  [[nodiscard]] std::string do_expect(const std::string& word, unsigned connection);
  void inject(const PacketLine& packet, Talk& talk);
  [[nodiscard]] std::string receive(const Line& line, const PacketLine& packet);
  [[nodiscard]] std::string compare(const PacketLine& packet, Talk& talk, const wire::TcpHeader& header,
                                    wire::Bytes payload);
  [[nodiscard]] std::string compare_options(const OptionsLine& wanted, const Talk& talk,
                                            const wire::TcpOptions& options) const;
  // A packet in the form of scripts.
  [[nodiscard]] std::string describe(const std::vector<std::byte>& packet);

  const Script* script_;
  Subject* subject_;
  std::map<unsigned, Talk> talks_;
  Instant last_{};  // when the line before happened
};

// The byte at a place of a stream, the first one's is 0.
[[nodiscard]] constexpr char pattern(std::uint32_t place) {
  return static_cast<char>('a' + place % 23);
}

}  // namespace wp::script
