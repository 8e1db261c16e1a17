#include "controlplane/feeds/kv_source.h"

#include <array>
#include <optional>
#include <span>
#include <utility>

namespace wp::feeds {
namespace {

constexpr std::size_t kNumberBytes = 8;  // big endian
constexpr std::uint64_t kEnd = UINT64_MAX;

std::optional<std::uint64_t> number_in(std::string_view frame) {
  if (frame.size() != kNumberBytes) return {};
  std::uint64_t number = 0;
  for (const char c : frame) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

std::string endpoint_at(Endpoint host, std::uint16_t port) {
  host.port = port;
  return "tcp://" + to_string(host);
}

}  // namespace

std::expected<void, std::string> KvSource::open(const Endpoint& host, std::uint16_t events_port,
                                                std::uint16_t replay_port) {
  replay_endpoint_ = endpoint_at(host, replay_port);
  auto live = ZmqSocket::connect(io_, context_, ZmqSocket::Type::subscriber, endpoint_at(host, events_port),
                                 [this](const ZmqSocket::Frames& frames) { on_published(frames); });
  if (!live) return std::unexpected(std::move(live.error()));
  live_ = std::move(*live);
  return {};
}

// A new socket each time: an answer to what was asked before cannot come.
void KvSource::ask(std::uint64_t from) {
  auto asker = ZmqSocket::connect(io_, context_, ZmqSocket::Type::dealer, replay_endpoint_,
                                  [this](const ZmqSocket::Frames& frames) { on_replayed(frames); });
  asker_ = asker ? std::move(*asker) : nullptr;
  if (!asker_) return;
  std::array<char, kNumberBytes> number{};
  for (std::size_t i = 0; i < kNumberBytes; ++i) number[i] = static_cast<char>(from >> (56 - 8 * i));
  asker_->send({{}, {number.data(), number.size()}});
}

// [topic, number, batch]
void KvSource::on_published(const ZmqSocket::Frames& frames) {
  const auto number = frames.size() == 3 ? number_in(frames[1]) : std::nullopt;
  if (!number) return events_.garbled();
  events_.published(*number, frames[2]);
}

// Behind an empty frame [topic, number, batch] or [number, batch]. At the end the number is -1, and the batch empty; of
// early vLLM there is an empty frame and nothing more.
void KvSource::on_replayed(const ZmqSocket::Frames& frames) {
  if (frames.size() < 2 || frames.size() > 4 || !frames.front().empty()) return events_.garbled();
  const std::span rest = std::span(frames).subspan(1);
  if (rest.size() == 1) return rest.front().empty() ? events_.replay_ended() : events_.garbled();
  const auto number = number_in(rest[rest.size() - 2]);
  if (!number) return events_.garbled();
  if (*number == kEnd) return events_.replay_ended();
  events_.replayed(*number, rest.back());
}

}  // namespace wp::feeds
