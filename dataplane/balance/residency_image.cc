#include "dataplane/balance/residency_image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "dataplane/balance/residency_entry.h"

namespace wp::balance {
namespace {

constexpr auto kImageOrder = std::memory_order_relaxed;

constexpr std::uint64_t kMagic = 0x3130'7365'5250'5711;
// Another one with every change of what a rung, a line or an entry means (doc/KEYS.md, residency_entry.h).
constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kPiece = 1U << 20U;

struct Head {
  std::uint64_t magic = kMagic;
  std::uint64_t format = kFormat;
  std::uint64_t lines = 0;
  std::uint64_t hash_check = 0;
  std::int64_t written_s = 0;
  std::uint64_t replicas = 0;
};

struct SavedReplica {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;
  std::uint64_t taken = 0;
  std::uint64_t learned = 0;
  std::uint64_t name_length = 0;
};

using Entries = std::array<std::uint64_t, Residency::kWays>;
struct SavedLine {
  std::uint64_t index = 0;
  Entries entries{};
};

std::uint64_t hash_check(std::uint64_t key) {
  return prompt::keyed_hash(key, "residency");
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <class Plain>
  [[nodiscard]] bool get(Plain& value) {
    std::string_view bytes;
    if (!get(bytes, sizeof value)) return false;
    std::memcpy(&value, bytes.data(), sizeof value);
    return true;
  }
  [[nodiscard]] bool get(std::string_view& bytes, std::size_t size) {
    if (size > left_.size()) return false;
    bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
};

// What an image says, once it is known to be whole.
struct Image {
  struct Named {
    SavedReplica saved;
    std::string_view name;
  };
  std::vector<Named> replicas;
  std::string_view holders;  // SavedLine after SavedLine
  std::string_view fans;
};

bool read_lines(Reader& reader, std::string_view& lines) {
  std::uint64_t count = 0;
  return reader.get(count) && count <= reader.left() / sizeof(SavedLine) &&
         reader.get(lines, static_cast<std::size_t>(count) * sizeof(SavedLine));
}

bool read_parts(Reader& reader, const Head& head, Image& image) {
  if (head.replicas > kMaxReplicaIds) return false;
  for (std::uint64_t i = 0; i < head.replicas; ++i) {
    Image::Named one;
    if (!reader.get(one.saved) || one.saved.id >= kMaxReplicaIds) return false;
    if (one.saved.name_length > kLongestName || !reader.get(one.name, one.saved.name_length)) return false;
    image.replicas.push_back(one);
  }
  return read_lines(reader, image.holders) && read_lines(reader, image.fans) && reader.left() == 0;
}

std::expected<Image, ImageFlaw> understand(std::string_view bytes, const Residency& residency,
                                           const ImageContext& context) {
  Reader reader(bytes);
  Head head;
  if (!reader.get(head) || head.magic != kMagic || head.format != kFormat) {
    return std::unexpected(ImageFlaw::foreign);
  }
  std::uint64_t check = 0;
  std::string_view body;
  if (reader.left() < sizeof check || !reader.get(body, reader.left() - sizeof check) || !reader.get(check) ||
      check != prompt::keyed_hash(0, bytes.substr(0, bytes.size() - sizeof check))) {
    return std::unexpected(ImageFlaw::damaged);
  }
  if (head.lines != residency.lines()) return std::unexpected(ImageFlaw::unlike);
  if (head.hash_check != hash_check(context.hash_key)) return std::unexpected(ImageFlaw::other_key);
  const std::int64_t age = context.now_s - head.written_s;
  constexpr std::int64_t kClockStep_s = 60;  // that a clock may have been set back in between
  if (age < -kClockStep_s || age > kImageAges_s) return std::unexpected(ImageFlaw::stale);
  Image image;
  Reader parts(body);
  if (!read_parts(parts, head, image)) return std::unexpected(ImageFlaw::damaged);
  return image;
}

}  // namespace

std::string_view word(ImageFlaw flaw) {
  constexpr std::array<std::string_view, kImageFlaws> kWords{"foreign", "damaged", "unlike", "other_key", "stale"};
  return kWords[static_cast<std::size_t>(flaw)];
}

// Knows the table's inside for what is below.
class ResidencyImage {
 public:
  static SavedReplica saved(const Residency& residency, const NamedReplica& replica) {
    const Residency::Clock& clock = residency.clocks_[replica.id];
    return {.id = replica.id,
            .epoch = clock.epoch.load(kImageOrder),
            .taken = clock.taken.load(kImageOrder),
            .learned = clock.learned.load(kImageOrder),
            .name_length = replica.name.size()};
  }
  // False: the line is empty.
  [[nodiscard]] static bool read_line(const Residency& residency, bool fans, std::uint32_t index, SavedLine& line) {
    const Residency::Line& both = residency.lines_[index];
    const Residency::Entries& from = fans ? both.fans : both.holders;
    line.index = index;
    std::uint64_t any = 0;
    for (std::uint32_t way = 0; way < Residency::kWays; ++way) {
      line.entries[way] = from[way].load(kImageOrder);
      any |= line.entries[way];
    }
    return any != 0;
  }

  explicit ResidencyImage(Residency& residency) : residency_(residency), targets_(kMaxReplicaIds) {}

  // What was learned of the replica's cache goes with its entries. Its clock does not, for it also says what this
  // process has sent: entries keep their age instead.
  void adopt(const SavedReplica& saved, std::uint32_t id) {
    residency_.clocks_[id].learned.store(saved.learned, kImageOrder);
    targets_[saved.id] = {.known = true,
                          .epoch = static_cast<std::uint32_t>(saved.epoch),
                          .tick = static_cast<std::uint32_t>(saved.taken / Residency::kTokensPerTick),
                          .id = id};
  }

  // Returns how many entries live on.
  std::uint64_t adopt_holders(std::string_view lines) {
    std::uint64_t adopted = 0;
    each_line(lines, [&](const SavedLine& line) {
      for (std::uint32_t way = 0; way < Residency::kWays; ++way) {
        const std::uint64_t entry = translate(line.entries[way]);
        residency_.lines_[line.index].holders[way].store(entry, kImageOrder);
        adopted += entry != 0 ? 1 : 0;
      }
      residency_.mark_common(line.index);
    });
    return adopted;
  }
  void adopt_fans(std::string_view lines) {
    each_line(lines, [&](const SavedLine& line) {
      for (std::uint32_t way = 0; way < Residency::kWays; ++way) {
        residency_.lines_[line.index].fans[way].store(line.entries[way], kImageOrder);
      }
      residency_.mark_common(line.index);
    });
  }

 private:
  struct Target {
    bool known = false;
    std::uint32_t epoch = 0;  // these as they were saved
    std::uint32_t tick = 0;
    std::uint32_t id = 0;  // here
  };

  template <class Do>
  void each_line(std::string_view lines, Do&& with) {
    for (; !lines.empty(); lines.remove_prefix(sizeof(SavedLine))) {
      SavedLine line;
      std::memcpy(&line, lines.data(), sizeof line);
      if (line.index < residency_.lines()) with(line);
    }
  }

  // The entry as this process would have written it; 0 where it names nobody who is here, or has died.
  [[nodiscard]] std::uint64_t translate(std::uint64_t entry) const {
    const Target& target = targets_[HolderEntry::replica(entry)];
    if (entry == 0 || !target.known || HolderEntry::epoch(entry) != (target.epoch & HolderEntry::kEpochMask)) return 0;
    const Residency::Clock& clock = residency_.clocks_[target.id];
    const std::uint32_t age = target.tick - HolderEntry::tick(entry);
    const std::uint64_t made = HolderEntry::make(HolderEntry::tag(entry), target.id, clock.epoch.load(kImageOrder),
                                                 (Residency::tick(clock) - age) & HolderEntry::kTickMask);
    std::uint32_t age_here = 0;
    return residency_.alive(made, age_here) ? made : 0;
  }

  Residency& residency_;
  std::vector<Target> targets_;  // by id in the image
};

ImageWriter::ImageWriter(const Residency& residency, std::span<const NamedReplica> replicas,
                         const ImageContext& context)
    : residency_(residency), replicas_(replicas), context_(context) {
  hash_.start(0);
}

template <class Plain>
void ImageWriter::put(const Plain& value) {
  piece_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string_view ImageWriter::next() {
  piece_.clear();
  while (piece_.size() < kPiece && stage_ < Stage::check) {
    if (stage_ == Stage::head) {
      put_head();
    } else {
      put_lines();
    }
  }
  hash_.add(piece_);
  if (piece_.empty() && stage_ == Stage::check) {
    put(hash_.value());
    stage_ = Stage::done;
  }
  return piece_;
}

void ImageWriter::put_head() {
  put(Head{.lines = residency_.lines(),
           .hash_check = hash_check(context_.hash_key),
           .written_s = context_.now_s,
           .replicas = replicas_.size()});
  for (const NamedReplica& replica : replicas_) {
    put(ResidencyImage::saved(residency_, replica));
    piece_ += replica.name;
  }
  stage_ = Stage::holders;
}

// As many as fit into the piece.
void ImageWriter::put_lines() {
  const bool fans = stage_ == Stage::fans;
  SavedLine line;
  if (line_ == 0) {
    std::uint64_t kept = 0;
    for (std::uint32_t i = 0; i < residency_.lines(); ++i) {
      kept += ResidencyImage::read_line(residency_, fans, i, line) ? 1 : 0;
    }
    put(kept);
  }
  for (; line_ < residency_.lines() && piece_.size() < kPiece; ++line_) {
    if (ResidencyImage::read_line(residency_, fans, line_, line)) put(line);
  }
  if (line_ < residency_.lines()) return;
  line_ = 0;
  stage_ = fans ? Stage::check : Stage::fans;
}

std::expected<Adopted, ImageFlaw> read_image(Residency& residency, std::string_view bytes,
                                             std::span<const NamedReplica> replicas, const ImageContext& context) {
  const auto image = understand(bytes, residency, context);
  if (!image) return std::unexpected(image.error());
  std::vector<NamedReplica> here(replicas.begin(), replicas.end());
  std::ranges::sort(here, {}, &NamedReplica::name);
  Adopted adopted;
  ResidencyImage table(residency);
  for (const Image::Named& one : image->replicas) {
    const auto same = std::ranges::lower_bound(here, one.name, {}, &NamedReplica::name);
    const bool known = same != here.end() && same->name == one.name;
    ++(known ? adopted.replicas : adopted.unknown);
    if (known) table.adopt(one.saved, same->id);
  }
  adopted.entries = table.adopt_holders(image->holders);
  table.adopt_fans(image->fans);
  return adopted;
}

}  // namespace wp::balance
