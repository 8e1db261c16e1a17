#include "controlplane/daemon/postmortem.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "controlplane/clock.h"
#include "controlplane/daemon/build_id.h"
#include "controlplane/daemon/postmortem_writer.h"
#include "controlplane/postmortem_format.h"
#include "controlplane/thread_signals.h"
#include "dataplane/base/assert.h"

namespace wp::daemon {
namespace {

namespace postmortem = control::postmortem;

// All that the handler touches, made ready before.
struct State {
  postmortem::Header header;  // version, build and process are in it from the beginning
  std::array<const FlightRecorder*, postmortem::kMostShards> shards{};
  std::atomic<std::uint32_t> shard_count{0};
  std::array<char, 512> directory{};
  std::array<struct sigaction, control::kFatalSignals.size()> before{};
  std::atomic<bool> dying{false};
};

// A handler of signals finds only what is global.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): see above
State the_state;
std::atomic<bool> installed{false};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables): see above

// Text without a heap: appended, cut when full, always ended by a zero.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const std::size_t room = text_.size() - 1 - size_;
    std::copy_n(text.data(), std::min(text.size(), room), text_.data() + size_);
    size_ += std::min(text.size(), room);
    text_[size_] = '\0';
    return *this;
  }
  Line& operator<<(std::int64_t value) {
    std::array<char, 24> digits;
    std::size_t at = digits.size();
    auto rest = static_cast<std::uint64_t>(value < 0 ? -value : value);
    do {
      digits[--at] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest > 0);
    if (value < 0) digits[--at] = '-';
    return *this << std::string_view(digits.data() + at, digits.size() - at);
  }
  [[nodiscard]] const char* text() const { return text_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<char, 640> text_{};
  std::size_t size_ = 0;
};

std::int64_t wall_clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// A file that was not there before: never one over another. -1 when there is none.
int create_file(Line& path, std::int64_t unix_ns) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    path = {};
    path << the_state.directory.data() << "/postmortem-" << ::getpid() << "-" << unix_ns / 1'000'000'000;
    if (i > 0) path << "-" << std::int64_t{i};
    path << ".wpf";
    const int file = ::open(path.text(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

bool write_file(postmortem::Header& header, Line& path) {
  header.thread = ::syscall(SYS_gettid);
  header.unix_ns = wall_clock_ns();
  header.monotonic_ns = control::monotonic_now().ns;
  header.shards = the_state.shard_count.load(std::memory_order_acquire);
  ::prctl(PR_GET_NAME, header.thread_name.data());
  const int file = create_file(path, header.unix_ns);
  if (file < 0) return false;
  const bool whole = write_postmortem(file, header, std::span(the_state.shards).first(header.shards));
  return ::close(file) == 0 && whole;
}

void on_assertion(const char* expression, const char* file, int line) noexcept {
  Line text;
  text << file << ":" << std::int64_t{line} << ": " << expression;
  postmortem::Header& header = the_state.header;
  std::copy_n(text.text(), std::min(text.size(), header.assertion.size() - 1), header.assertion.data());
  // Here, where frame pointers still lead to whoever failed: abort() is the C library's, which keeps none.
  header.frame_count = walk_frames(0, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)), header.frames);
}

void on_fatal_signal(int signal, siginfo_t* about, void* context) {
  // A second thread that dies meanwhile waits for the first to take the process with it.
  while (the_state.dying.exchange(true)) ::pause();
  const int error = errno;
  describe_signal(the_state.header, signal, about, context);
  Line path;
  Line said;
  const bool written = write_file(the_state.header, path);
  said << "warmpathd: fatal signal " << std::int64_t{signal} << (written ? ", postmortem in " : ", no postmortem in ")
       << path.text() << "\n";
  static_cast<void>(::write(STDERR_FILENO, said.text(), said.size()) < 0);
  for (std::size_t i = 0; i < control::kFatalSignals.size(); ++i)
    ::sigaction(control::kFatalSignals[i], &the_state.before[i], nullptr);
  errno = error;
  // A fault comes again when this returns; a signal that was sent does not, so it is sent again. Blocked until then.
  ::raise(signal);
}

void describe_process(std::string_view version) {
  postmortem::Header& header = the_state.header;
  header = {};
  header.header_bytes = sizeof header;
  header.process = ::getpid();
  std::copy_n(version.data(), std::min(version.size(), header.program_version.size() - 1),
              header.program_version.data());
  const BuildId build = build_id();
  std::copy_n(build.hex.data(), std::min(build.hex.size(), header.build_id.size() - 1), header.build_id.data());
  header.load_base = build.load_base;
}

}  // namespace

std::expected<std::string, std::string> Postmortem::choose_directory(const std::string& directory) {
  if (!directory.empty()) {
    if (directory.size() >= the_state.directory.size()) return std::unexpected("the path is too long");
    if (::access(directory.c_str(), W_OK | X_OK) == 0) return directory;
    return std::unexpected("cannot write to " + directory + ": " + std::strerror(errno));
  }
  std::string usual(kUsualDirectory);
  if (::access(usual.c_str(), W_OK | X_OK) == 0) return usual;
  std::array<char, 400> here{};
  if (::getcwd(here.data(), here.size()) != nullptr && ::access(here.data(), W_OK | X_OK) == 0) return here.data();
  return std::unexpected("neither " + usual + " nor the working directory can be written");
}

Postmortem::Postmortem(const std::string& directory, std::string_view version) {
  WP_ASSERT(!installed.exchange(true) && directory.size() < the_state.directory.size());
  the_state.directory = {};
  std::ranges::copy(directory, the_state.directory.begin());
  describe_process(version);
  struct sigaction action{};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int each : control::kFatalSignals) sigaddset(&action.sa_mask, each);
  for (std::size_t i = 0; i < control::kFatalSignals.size(); ++i)
    ::sigaction(control::kFatalSignals[i], &action, &the_state.before[i]);
  set_assertion_witness(on_assertion);
}

Postmortem::~Postmortem() {
  set_assertion_witness(nullptr);
  for (std::size_t i = 0; i < control::kFatalSignals.size(); ++i)
    ::sigaction(control::kFatalSignals[i], &the_state.before[i], nullptr);
  the_state.shard_count.store(0);
  installed.store(false);
}

void Postmortem::add(const FlightRecorder& recorder) {
  const std::uint32_t count = the_state.shard_count.load();
  WP_ASSERT(count < the_state.shards.size());
  the_state.shards[count] = &recorder;
  the_state.shard_count.store(count + 1, std::memory_order_release);
}

std::expected<std::string, std::string> Postmortem::dump() {
  if (dumps_ == kMostDumps) return std::unexpected("there were " + std::to_string(kMostDumps) + " already");
  ++dumps_;
  postmortem::Header header = the_state.header;
  Line path;
  if (write_file(header, path)) return path.text();
  return std::unexpected(std::string("cannot write ") + path.text() + ": " + std::strerror(errno));
}

}  // namespace wp::daemon
