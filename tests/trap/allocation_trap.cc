// Preloaded into warmpathd, it ends the process when a shard's thread asks for memory while the trap is armed, with the
// way there on stderr: design rule 3 as a test. SIGRTMIN arms it, SIGRTMIN + 1 disarms it; each says so on stderr.
//
// Shards are known by their threads' names. What glibc exports for the purpose does the work, so that no library must
// be looked up, which would itself allocate.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <execinfo.h>
#include <sys/prctl.h>
#include <unistd.h>

// NOLINTBEGIN(readability-identifier-naming): glibc's names
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}
// NOLINTEND(readability-identifier-naming): see above

namespace {

constexpr std::string_view kShard = "wp-shard-";
constexpr int kFrames = 48;

enum class Thread : std::uint8_t { unknown, shard, other };

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): malloc is handed no state
std::atomic<bool> armed{false};
// Not one that is made when first used: that would call malloc.
__attribute__((tls_model("initial-exec"))) thread_local Thread kind = Thread::unknown;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables): see above

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

Thread kind_of_this_thread() {
  char name[16] = {};  // TASK_COMM_LEN
  prctl(PR_GET_NAME, name);
  return std::string_view(name).starts_with(kShard) ? Thread::shard : Thread::other;
}

void look() {
  if (!armed.load(std::memory_order_relaxed)) return;
  if (kind == Thread::unknown) kind = kind_of_this_thread();
  if (kind == Thread::other) return;
  armed.store(false, std::memory_order_relaxed);  // the report may allocate
  say("allocation trap: a shard allocates here:\n");
  void* frames[kFrames];
  backtrace_symbols_fd(frames, backtrace(frames, kFrames), STDERR_FILENO);
  std::abort();
}

void set_armed(int signum) {
  const int before = errno;
  const bool arms = signum == SIGRTMIN;
  say(arms ? "allocation trap: armed\n" : "allocation trap: disarmed\n");
  armed.store(arms, std::memory_order_relaxed);
  errno = before;
}

const struct Install {
  Install() {
    void* frame = nullptr;
    backtrace(&frame, 1);  // loads the unwinder now
    struct sigaction action{};
    action.sa_handler = set_armed;
    action.sa_flags = SA_RESTART;
    sigaction(SIGRTMIN, &action, nullptr);
    sigaction(SIGRTMIN + 1, &action, nullptr);
  }
} install;

void* aligned(std::size_t alignment, std::size_t bytes) {
  look();
  return __libc_memalign(alignment, bytes);
}

}  // namespace

// operator new and everything else of the C++ library comes here, too.
extern "C" {

void* malloc(std::size_t bytes) {
  look();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
  look();
  return __libc_calloc(count, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  look();
  return __libc_realloc(memory, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  return aligned(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return aligned(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  void* made = aligned(alignment, bytes);
  if (made == nullptr) return ENOMEM;
  *memory = made;
  return 0;
}

}  // extern "C"
