// Files that a process leaves when it dies, and what their reader makes of them, whole or not.
#include "controlplane/daemon/postmortem.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/daemon/postmortem_writer.h"
#include "controlplane/postmortem_reader.h"
#include "controlplane/thread_signals.h"
#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"
#include "dataplane/base/sanitizers.h"

namespace wp::daemon {
namespace {

namespace fs = std::filesystem;
namespace postmortem = control::postmortem;

// Where the program that is to die leaves its files, which its parent reads: it is in the environment of both.
constexpr const char* kSceneVariable = "WARMPATH_POSTMORTEM_SCENE";

struct Scene {
  Scene() {
    const char* parents = std::getenv(kSceneVariable);
    std::string name = (fs::temp_directory_path() / "warmpath-postmortem-XXXXXX").string();
    directory = parents != nullptr ? parents : ::mkdtemp(name.data());
    ::setenv(kSceneVariable, directory.c_str(), 1);
    guard.emplace(directory.string(), "1.2.3");
    for (std::uint32_t shard = 0; shard < recorders.size(); ++shard) guard->add(recorders[shard]);
  }
  ~Scene() {
    guard.reset();
    fs::remove_all(directory);
    ::unsetenv(kSceneVariable);
  }

  void note(std::uint32_t shard, std::int64_t at, std::uint64_t number = 0) {
    recorders[shard].note({.at = Instant{at}, .client = 1, .number = number, .kind = FlightKind::completed});
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> bytes;
    for (const auto& entry : fs::directory_iterator(directory)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      bytes.push_back(text.str());
    }
    return bytes;
  }
  // The one file there is, read.
  [[nodiscard]] postmortem::Report report() const {
    const auto all = files();
    EXPECT_EQ(all.size(), 1U);
    if (all.empty()) return {};
    auto read = postmortem::read(all.front());
    EXPECT_TRUE(read.has_value()) << read.error();
    return std::move(*read);
  }

  fs::path directory;
  std::array<FlightRecorder, 2> recorders;
  std::optional<Postmortem> guard;
};

TEST(Postmortem, ADumpMergesTheShardsByTime) {
  Scene scene;
  scene.note(0, 30);
  scene.note(1, 10);
  scene.note(0, 50);
  scene.note(1, 40);
  const auto path = scene.guard->dump();
  ASSERT_TRUE(path.has_value()) << path.error();
  EXPECT_TRUE(path->starts_with(scene.directory.string() + "/postmortem-" + std::to_string(::getpid()) + "-"));
  const postmortem::Report report = scene.report();
  ASSERT_EQ(report.events.size(), 4U);
  EXPECT_EQ(report.events[0].shard, 1U);
  EXPECT_EQ(report.events[3].event.at, Instant{50});
  EXPECT_EQ(report.kind_of(report.events[0].event), "completed");
  EXPECT_EQ(report.header.signal, 0);
  EXPECT_EQ(postmortem::text_of(report.header.program_version), "1.2.3");
  EXPECT_EQ(report.header.process, ::getpid());
  EXPECT_FALSE(report.cut);
}

TEST(Postmortem, ARingThatWentRoundShowsItsLastEvents) {
  Scene scene;
  constexpr std::uint64_t kNoted = FlightRecorder::kEvents * 2 + 5;
  for (std::uint64_t n = 0; n < kNoted; ++n) scene.note(0, static_cast<std::int64_t>(n), n);
  ASSERT_TRUE(scene.guard->dump().has_value());
  const postmortem::Report report = scene.report();
  // The oldest place may be the one that is written next.
  ASSERT_EQ(report.events.size(), FlightRecorder::kPlaces - 1);
  ASSERT_GE(report.events.size(), FlightRecorder::kEvents);
  EXPECT_EQ(report.events.front().event.number, kNoted - report.events.size());
  EXPECT_EQ(report.events.back().event.number, kNoted - 1);
}

TEST(Postmortem, NoFileIsEverWrittenOver) {
  Scene scene;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(scene.guard->dump().has_value());
  EXPECT_EQ(scene.files().size(), 3U);
}

TEST(Postmortem, DumpsAreBounded) {
  Scene scene;
  for (std::uint32_t i = 0; i < Postmortem::kMostDumps; ++i) ASSERT_TRUE(scene.guard->dump().has_value());
  EXPECT_FALSE(scene.guard->dump().has_value());
  EXPECT_EQ(scene.files().size(), Postmortem::kMostDumps);
}

// A sanitizer's handler was there before, and ends the process with a status of its own when ours passes the signal on.
struct DiesOf {
  int signal;

  bool operator()(int status) const {
#if WP_ADDRESS_SANITIZER || WP_THREAD_SANITIZER
    if (WIFEXITED(status)) return WEXITSTATUS(status) != 0;
#endif
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
  }
};

// What dies is this program begun anew, not a fork of it: the thread sanitizer's state does not always survive one, and
// then it is its own check that a signal ends in.
class PostmortemDeathTest : public testing::Test {
 protected:
  PostmortemDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  Scene scene;
};

TEST_F(PostmortemDeathTest, AFailedAssertionLeavesItsTextAndItsCallers) {
  scene.note(1, 7);
  EXPECT_EXIT(
      {
        const control::ThreadSignals signals;
        WP_ASSERT(1 + 1 == 3);
      },
      testing::KilledBySignal(SIGABRT), "fatal signal 6, postmortem in ");
  const postmortem::Report report = scene.report();
  EXPECT_EQ(report.header.signal, SIGABRT);
  const std::string assertion = postmortem::text_of(report.header.assertion);
  EXPECT_NE(assertion.find("postmortem_test.cc:"), std::string::npos) << assertion;
  EXPECT_TRUE(assertion.ends_with(": 1 + 1 == 3")) << assertion;
  EXPECT_GE(report.header.frame_count, 2U);
  EXPECT_EQ(report.events.size(), 1U);
}

TEST_F(PostmortemDeathTest, AFaultNamesItsAddressAndDiesOfItsOwnSignal) {
#if WP_THREAD_SANITIZER
  GTEST_SKIP() << "the thread sanitizer keeps the handler that was taken away, and the fault comes again for ever";
#endif
  // The same in both programs, and nothing is there in either.
  constexpr std::uintptr_t kPage = 0x2000'0000'0000;
  void* page =
      ::mmap(reinterpret_cast<void*>(kPage), 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_EXIT(
      {
        const control::ThreadSignals signals;
        static_cast<std::atomic<int>*>(page)->store(1);
      },
      DiesOf{SIGSEGV}, "fatal signal 11, postmortem in ");
  const postmortem::Report report = scene.report();
  EXPECT_EQ(report.header.signal, SIGSEGV);
  EXPECT_EQ(report.header.address, kPage);
  EXPECT_GT(report.header.register_count, 0U);
  EXPECT_EQ(postmortem::register_names(report.header.machine).size(), report.header.register_count);
  ::munmap(page, 4096);
}

TEST_F(PostmortemDeathTest, ASignalThatWasSentKillsJustAsWell) {
  EXPECT_EXIT(static_cast<void>(::kill(::getpid(), SIGBUS)), DiesOf{SIGBUS}, "fatal signal 7");
  EXPECT_EQ(scene.report().header.signal, SIGBUS);
}

TEST(Postmortem, ADirectoryMustBeWritable) {
  EXPECT_FALSE(Postmortem::choose_directory("/nowhere/at/all").has_value());
  EXPECT_EQ(Postmortem::choose_directory("/tmp").value(), "/tmp");
  EXPECT_TRUE(Postmortem::choose_directory("").has_value());
}

TEST(Postmortem, AWildFramePointerEndsTheWalk) {
  std::array<std::uint64_t, 8> frames{};
  EXPECT_EQ(walk_frames(1, 0, frames), 1U);
  EXPECT_EQ(walk_frames(1, 0x40, frames), 1U);
  EXPECT_EQ(walk_frames(1, UINT64_MAX - 7, frames), 1U);
  EXPECT_EQ(walk_frames(1, 3, frames), 1U) << "not aligned";
  std::array<std::uint64_t, 2> self{};
  self[0] = reinterpret_cast<std::uint64_t>(self.data());
  self[1] = 2;
  EXPECT_EQ(walk_frames(1, self[0], frames), 2U) << "a frame that is its own caller";
}

std::string sample() {
  Scene scene;
  for (std::int64_t n = 0; n < 100; ++n) scene.note(static_cast<std::uint32_t>(n % 2), n);
  EXPECT_TRUE(scene.guard->dump().has_value());
  return scene.files().front();
}

TEST(PostmortemReader, ACutFileGivesWhatIsThereAndSaysThatItIsCut) {
  const std::string bytes = sample();
  ASSERT_TRUE(postmortem::read(bytes).has_value());
  const std::size_t step = 997;
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    const auto report = postmortem::read(std::string_view(bytes).substr(0, size));
    if (size < sizeof(postmortem::Header)) {
      EXPECT_FALSE(report.has_value());
    } else {
      ASSERT_TRUE(report.has_value()) << size;
      EXPECT_TRUE(report->cut) << size;
      EXPECT_LE(report->events.size(), 100U);
    }
  }
}

TEST(PostmortemReader, DamagedFilesAreRefusedOrReadAndNeverMore) {
  const std::string good = sample();
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 8; ++i) {
      const std::size_t where = rng.next() % (round % 2 == 0 ? sizeof(postmortem::Header) : bytes.size());
      bytes[where] = static_cast<char>(rng.next());
    }
    const auto report = postmortem::read(bytes);
    if (!report) continue;
    EXPECT_LE(report->events.size(), 2U * FlightRecorder::kPlaces);
    for (const auto& at : report->events) {
      EXPECT_FALSE(report->kind_of(at.event).empty());
      EXPECT_FALSE(report->reason_of(at.event).empty());
    }
  }
}

TEST(PostmortemReader, OtherFilesAndOtherVersionsAreNamed) {
  EXPECT_EQ(postmortem::read("").error(), "this is no postmortem file of warmpathd: it is too short");
  std::string bytes = sample();
  bytes[8] = 9;
  EXPECT_EQ(postmortem::read(bytes).error(), "the file has format 9, this program reads 1");
  bytes[0] = 'X';
  EXPECT_EQ(postmortem::read(bytes).error(), "this is no postmortem file of warmpathd");
}

TEST(PostmortemReader, TextOfAFieldIsPrintableAndEndsWithTheField) {
  constexpr std::array<char, 4> kFull = {'a', '\x1b', '\xff', 'b'};
  EXPECT_EQ(postmortem::text_of(kFull), "a??b");
}

}  // namespace
}  // namespace wp::daemon
