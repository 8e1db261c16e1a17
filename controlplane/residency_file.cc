#include "controlplane/residency_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/log.h"

namespace wp::control {
namespace {

constexpr mode_t kOwnersOnly = S_IRUSR | S_IWUSR;  // which prompts were sent is nobody else's business

// A file that was there, mapped and already removed.
class Found {
 public:
  Found() = default;
  Found(const Found&) = delete;
  Found& operator=(const Found&) = delete;
  ~Found() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }

  // False: there is none, or errno says what is wrong with it.
  [[nodiscard]] bool open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    const bool good = ::unlink(path.c_str()) == 0 && map(fd);
    const int why = errno;
    ::close(fd);
    errno = why;
    return good;
  }
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  [[nodiscard]] bool map(int fd) {
    struct stat about{};
    if (::fstat(fd, &about) != 0) return false;
    if (!S_ISREG(about.st_mode)) {
      errno = EINVAL;
      return false;
    }
    if (about.st_size == 0) return true;
    void* data = ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return false;
    data_ = data;
    size_ = static_cast<std::size_t>(about.st_size);
    return true;
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

std::vector<balance::NamedReplica> named(const Registry& registry) {
  std::vector<balance::NamedReplica> replicas;
  for (const Member& member : registry.members()) replicas.push_back({member.ref.id, member.spec.name});
  return replicas;
}

std::string_view meaning(balance::ImageFlaw flaw) {
  using balance::ImageFlaw;
  switch (flaw) {
    case ImageFlaw::foreign: return "was not written by a warmpathd that understands tables as this one does";
    case ImageFlaw::damaged: return "is damaged";
    case ImageFlaw::unlike: return "is of a table of another size (limits.residency)";
    case ImageFlaw::other_key: return "is of another requests.hash_key";
    case ImageFlaw::stale: return "is too old, or the clock was set";
  }
  return "?";
}

}  // namespace

balance::ImageContext ResidencyFile::context() const {
  return {.hash_key = hash_key_, .now_s = static_cast<std::int64_t>(std::time(nullptr))};
}

void ResidencyFile::take_up(balance::Residency& residency, const Registry& registry) {
  if (path_.empty()) return;
  Found file;
  errno = 0;
  if (!file.open(path_)) {
    if (errno == ENOENT) return;
    outcome_ = Outcome::unreadable;
    log::warn("residency: starting empty: cannot read and remove " + path_ + ": " + std::strerror(errno));
    return;
  }
  const auto adopted = balance::read_image(residency, file.bytes(), named(registry), context());
  if (!adopted) {
    outcome_ = Outcome::flawed;
    flaw_ = adopted.error();
    log::warn("residency: starting empty: " + path_ + " " + std::string(meaning(flaw_)));
    return;
  }
  outcome_ = Outcome::adopted;
  adopted_ = *adopted;
  log::info("residency: taken up " + std::to_string(adopted_.entries) + " entries of " +
            std::to_string(adopted_.replicas) + " replicas" +
            (adopted_.unknown == 0 ? "" : "; " + std::to_string(adopted_.unknown) + " others are not here any more"));
}

void ResidencyFile::leave(const balance::Residency& residency, const Registry& registry) const {
  if (path_.empty()) return;
  const auto written = write_file(residency, registry);
  if (!written) return log::warn("residency: the next process will start empty: " + written.error());
  log::info("residency: left in " + path_);
}

// Without fsync: after a crash of the machine the check says what is missing, and what is there is of no use.
std::expected<void, std::string> ResidencyFile::write_file(const balance::Residency& residency,
                                                           const Registry& registry) const {
  const std::string temporary = path_ + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnersOnly);
  if (fd < 0) return std::unexpected("cannot open " + temporary + ": " + std::strerror(errno));
  const auto replicas = named(registry);
  balance::ImageWriter image(residency, replicas, context());
  bool whole = true;
  for (std::string_view piece = image.next(); whole && !piece.empty(); piece = image.next()) {
    whole = write_whole(fd, piece);
  }
  const int why = errno;
  ::close(fd);
  if (whole && std::rename(temporary.c_str(), path_.c_str()) == 0) return {};
  const int last = whole ? errno : why;
  ::unlink(temporary.c_str());
  return std::unexpected("cannot write " + path_ + ": " + std::strerror(last));
}

void ResidencyFile::write(MetricText& out) const {
  constexpr std::string_view kName = "warmpath_residency_handover_total";
  out.family(kName,
             "How the residency table began, once a process: adopted from the process before, empty for there was none "
             "(none), or empty for what was wrong with what it left.",
             MetricKind::counter);
  const auto sample = [&](std::string_view result, bool is) {
    out.sample(kName, label("result", result), std::uint64_t{is ? 1U : 0U});
  };
  sample("none", outcome_ == Outcome::none);
  sample("adopted", outcome_ == Outcome::adopted);
  sample("unreadable", outcome_ == Outcome::unreadable);
  for (std::size_t i = 0; i < balance::kImageFlaws; ++i) {
    const auto flaw = static_cast<balance::ImageFlaw>(i);
    sample(balance::word(flaw), outcome_ == Outcome::flawed && flaw_ == flaw);
  }
  out.single("warmpath_residency_adopted_entries", "Prefixes on replicas that were taken up from the process before.",
             MetricKind::gauge, adopted_.entries);
}

}  // namespace wp::control
