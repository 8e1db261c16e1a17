#include "tools/ctl/file_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace wp::ctl {

Outcome<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return std::unexpected(Trouble{ExitCode::usage, "cannot read " + path + ": " + std::strerror(errno)});
  }
  return text;
}

Outcome<std::string> read_line(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text;
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t begin = text->find_first_not_of(kSpace);
  if (begin == std::string::npos) return std::unexpected(Trouble{ExitCode::usage, path + " is empty"});
  std::string line = text->substr(begin, text->find_last_not_of(kSpace) + 1 - begin);
  if (std::ranges::any_of(line, [](char c) { return c < ' ' || c > '~'; })) {
    return std::unexpected(Trouble{ExitCode::usage, path + " holds more than one line of plain text"});
  }
  return line;
}

}  // namespace wp::ctl
