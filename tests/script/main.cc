// warmpath-script: plays packet scripts to our stack and to the kernel. A line a script and subject in the form that
// tests/run counts. "--on ours" leaves the kernel out, "--over ipv4" IPv6; "--differences" prints where Linux does
// something else instead, "--page FILE" also compares that with what the page says.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/script/kernel.h"
#include "tests/script/our_stack.h"
#include "tests/script/player.h"
#include "tests/script/script.h"

namespace {

using wp::script::Family;
using wp::script::Kernel;
using wp::script::OurStack;
using wp::script::Player;
using wp::script::Script;

// Kernels at one time: they mostly wait.
constexpr std::size_t kAtOnce = 32;

// SUBJECT/SCRIPT, where over IPv6 it is another subject.
std::string name_of(const char* subject, const Script& script) {
  return subject + std::string(script.family == Family::v4 ? "/" : "-ipv6/") + script.name;
}

struct Arguments {
  bool ours = true;
  bool kernel = true;
  std::vector<Family> families{Family::v4, Family::v6};
  bool differences = false;
  std::string page;
  std::vector<std::string> paths;
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--differences") {
      arguments.differences = true;
    } else if (word == "--on" && i + 1 < argc) {
      const std::string_view on = argv[++i];
      arguments.ours = on == "ours";
      arguments.kernel = on == "linux";
    } else if (word == "--over" && i + 1 < argc) {
      const std::string_view over = argv[++i];
      if (over != "ipv4" && over != "ipv6") return false;
      arguments.families = {over == "ipv4" ? Family::v4 : Family::v6};
    } else if (word == "--page" && i + 1 < argc) {
      arguments.page = argv[++i];
    } else if (word.starts_with("--")) {
      return false;
    } else {
      arguments.paths.emplace_back(word);
    }
  }
  return !arguments.paths.empty() && (arguments.ours || arguments.kernel);
}

std::vector<std::string> scripts_of(const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      found.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".script") found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

bool report(const std::string& name, const std::string& wrong) {
  if (wrong.empty()) {
    std::printf("ok %s\n", name.c_str());
  } else {
    std::printf("FAIL %s: %s\n", name.c_str(), wrong.c_str());
  }
  std::fflush(stdout);
  return wrong.empty();
}

// The rows of the page's table: script, deciding section, what differs.
std::string differences_of(const std::vector<Script>& scripts) {
  std::string text;
  for (const Script& script : scripts) {
    for (const std::string& what : script.differences) text += "| `" + script.name + "` | " + what + " |\n";
  }
  return text;
}

std::string compare_page(const std::string& path, const std::vector<Script>& scripts) {
  std::ifstream file(path);
  std::string rows, line;
  while (std::getline(file, line)) {
    if (line.starts_with("| `")) rows += line + "\n";
  }
  return rows == differences_of(scripts) ? "" : path + " does not hold the table that --differences prints";
}

// In a process of its own: a namespace is not left again. 0 when all was well.
[[noreturn]] void play_to_kernel(const Script& script) {
  Kernel kernel(script);
  std::string wrong = kernel.enter();
  if (wrong.empty()) wrong = Player(script, kernel).play();
  const bool is_well = report(name_of("linux", script), wrong);
  _exit(is_well ? 0 : 1);
}

// What keeps this process from scripts on the kernel, if anything.
std::string missing_for_kernel(Family family) {
  int ends[2];
  if (pipe(ends) != 0) return "a pipe";
  const pid_t child = fork();
  if (child == 0) {
    const Script none{.name = "none", .family = family};
    const std::string wrong = Kernel(none).enter();
    const ssize_t written = write(ends[1], wrong.data(), wrong.size());
    _exit(written == static_cast<ssize_t>(wrong.size()) ? 0 : 1);
  }
  close(ends[1]);
  char text[200];
  const ssize_t size = read(ends[0], text, sizeof text);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

// How many failed.
unsigned play_all_to_kernel(std::vector<Script> scripts) {
  for (const Family family : {Family::v4, Family::v6}) {
    const auto is_of = [&](const Script& script) { return script.family == family; };
    if (std::ranges::none_of(scripts, is_of)) continue;
    const std::string missing = missing_for_kernel(family);
    if (missing.empty()) continue;
    std::printf("skip linux%s %s\n", family == Family::v4 ? "" : "-ipv6", missing.c_str());
    std::erase_if(scripts, is_of);
  }
  unsigned failed = 0;
  std::size_t running = 0;
  const auto wait_for_one = [&] {
    int status = 0;
    static_cast<void>(wait(&status));
    failed += status == 0 ? 0 : 1;
    --running;
  };
  for (const Script& script : scripts) {
    if (running == kAtOnce) wait_for_one();
    if (fork() == 0) play_to_kernel(script);
    ++running;
  }
  while (running > 0) wait_for_one();
  return failed;
}

// Each once for each family that it is about.
std::vector<Script> over_families(const std::vector<Script>& scripts, const std::vector<Family>& families) {
  std::vector<Script> all;
  for (const Family family : families) {
    for (const Script& script : scripts) {
      if (!script.is_for(family)) continue;
      all.push_back(script);
      all.back().family = family;
    }
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: warmpath-script [--on ours|linux] [--over ipv4|ipv6] [--differences] [--page FILE] PATH...\n");
    return 2;
  }
  std::vector<Script> scripts;
  unsigned failed = 0;
  for (const std::string& path : scripts_of(arguments.paths)) {
    auto script = wp::script::read_script(path);
    if (script) {
      scripts.push_back(std::move(*script));
    } else {
      failed += report(std::filesystem::path(path).stem(), script.error()) ? 0 : 1;
    }
  }
  if (arguments.differences) {
    std::fputs(differences_of(scripts).c_str(), stdout);
    return failed == 0 ? 0 : 1;
  }
  if (!arguments.page.empty()) failed += report("differences", compare_page(arguments.page, scripts)) ? 0 : 1;
  const std::vector<Script> all = over_families(scripts, arguments.families);
  if (arguments.ours) {
    for (const Script& script : all) {
      OurStack subject(script);
      failed += report(name_of("ours", script), Player(script, subject).play()) ? 0 : 1;
    }
  }
  std::fflush(stdout);
  if (arguments.kernel) failed += play_all_to_kernel(all);
  return failed == 0 ? 0 : 1;
}
