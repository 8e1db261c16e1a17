#include "tools/ctl/file_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace wp::ctl {

Outcome<std::string> read_file(const std::string& path, std::size_t most) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 65536> piece{};
  while (text.size() < most && (file.read(piece.data(), piece.size()) || file.gcount() > 0)) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
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
