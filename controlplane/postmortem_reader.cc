#include "controlplane/postmortem_reader.h"

#include <algorithm>
#include <cstring>

namespace wp::control::postmortem {
namespace {

constexpr std::uint32_t kMostEvents = 1U << 20U;
constexpr std::uint32_t kMostWords = 256;  // both enums are one byte

// Takes values off the front of the bytes; nothing more is taken once one was missing.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  [[nodiscard]] bool take(T& value) {
    if (bytes_.size() < sizeof(T)) {
      bytes_ = {};
      return false;
    }
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return true;
  }

 private:
  std::string_view bytes_;
};

std::string check(const Header& header) {
  if (header.magic != kMagic) return "this is no postmortem file of warmpathd";
  if (header.version != kVersion) {
    return "the file has format " + std::to_string(header.version) + ", this program reads " + std::to_string(kVersion);
  }
  const bool sound = header.header_bytes == sizeof(Header) && header.event_bytes == sizeof(FlightEvent) &&
                     header.events > 0 && header.events <= kMostEvents && header.shards <= kMostShards &&
                     header.kinds <= kMostWords && header.reasons <= kMostWords &&
                     header.register_count <= header.registers.size() && header.frame_count <= header.frames.size();
  return sound ? "" : "the header contradicts itself: the file is damaged";
}

bool take_words(Cursor& cursor, std::uint32_t count, std::vector<std::string>& words) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Word word;
    if (!cursor.take(word)) return false;
    words.push_back(text_of(word));
  }
  return true;
}

// False when the file ends within the ring: what is whole of it is there nevertheless.
bool take_ring(Cursor& cursor, const Header& header, std::vector<ShardEvent>& events) {
  RingHead head;
  if (!cursor.take(head)) return false;
  std::vector<FlightEvent> ring;
  FlightEvent event;
  while (ring.size() < header.events && cursor.take(event)) ring.push_back(event);
  RingTail tail;
  const bool whole = cursor.take(tail);
  // Without the tail nobody knows what was overwritten meanwhile; one that runs backwards is none.
  const std::uint64_t after = whole && tail.after >= head.before ? tail.after : head.before;
  for (std::uint64_t place = 0; place < ring.size(); ++place) {
    if (place >= head.before) break;
    const std::uint64_t behind = (head.before - 1 - place) % header.events;  // events between this and the newest
    const std::uint64_t number = head.before - 1 - behind;
    if (number + header.events <= after) continue;  // overwritten, perhaps half, while it was copied
    events.push_back({head.shard, ring[place]});
  }
  return whole;
}

std::string word_at(const std::vector<std::string>& words, std::size_t index) {
  return index < words.size() ? words[index] : "#" + std::to_string(index);
}

}  // namespace

std::string Report::kind_of(const FlightEvent& event) const {
  return word_at(kinds, static_cast<std::size_t>(event.kind));
}

std::string Report::reason_of(const FlightEvent& event) const {
  return word_at(reasons, static_cast<std::size_t>(event.reason));
}

std::expected<Report, std::string> read(std::string_view bytes) {
  Report report;
  Cursor cursor(bytes);
  if (!cursor.take(report.header)) return std::unexpected("this is no postmortem file of warmpathd: it is too short");
  if (std::string problem = check(report.header); !problem.empty()) return std::unexpected(std::move(problem));
  const Header& header = report.header;
  report.cut = !take_words(cursor, header.kinds, report.kinds) || !take_words(cursor, header.reasons, report.reasons);
  for (std::uint32_t i = 0; i < header.shards && !report.cut; ++i)
    report.cut = !take_ring(cursor, header, report.events);
  std::ranges::stable_sort(report.events, {}, [](const ShardEvent& at) { return at.event.at; });
  return report;
}

std::string text_of(const char* field, std::size_t size) {
  std::string text(field, std::find(field, field + size, '\0'));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::vector<std::string_view> register_names(Machine machine) {
  switch (machine) {
    case Machine::x86_64:
      return {"r8",  "r9",  "r10", "r11", "r12", "r13", "r14",    "r15", "rdi",    "rsi",     "rbp", "rbx",
              "rdx", "rax", "rcx", "rsp", "rip", "efl", "csgsfs", "err", "trapno", "oldmask", "cr2"};
    case Machine::aarch64:
      return {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",    "x10", "x11",
              "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",   "x22", "x23",
              "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate"};
    case Machine::other: return {};
  }
  return {};
}

}  // namespace wp::control::postmortem
