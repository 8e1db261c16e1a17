#include "tools/lab/line_source.h"

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>
#include <zlib.h>

namespace wp::lab {
namespace {

std::string path_of(const char* name) {
  return testing::TempDir() + "line_source_" + name;
}

std::string write_plain(const char* name, const std::string& text) {
  std::string path = path_of(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string write_compressed(const char* name, const std::string& text) {
  std::string path = path_of(name);
  gzFile file = gzopen(path.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
  return path;
}

// All lines, or the error behind "error: ".
std::vector<std::string> read_all(const std::string& path) {
  std::vector<std::string> lines;
  auto source = LineSource::open(path);
  if (!source) return {"error: " + source.error()};
  std::string_view line;
  for (;;) {
    const auto more = source->next(line);
    if (!more) lines.push_back("error: " + more.error());
    if (!more || !*more) return lines;
    EXPECT_EQ(source->number(), lines.size() + 1);
    lines.emplace_back(line);
  }
}

TEST(LineSource, GivesLinesWithoutTheirEnds) {
  const auto wanted = std::vector<std::string>{"one", "", "three", "last"};
  EXPECT_EQ(read_all(write_plain("plain", "one\n\r\nthree\r\nlast")), wanted);
  EXPECT_EQ(read_all(write_plain("ended", "one\n\nthree\nlast\n")), wanted);
  EXPECT_TRUE(read_all(write_plain("empty", "")).empty());
}

TEST(LineSource, ReadsWhatGzipCompressed) {
  const std::string text = "one\ntwo\n";
  EXPECT_EQ(read_all(write_compressed("two.gz", text)), read_all(write_plain("two", text)));
}

TEST(LineSource, JoinsLinesThatAreLongerThanAPiece) {
  const std::string longer(3'000'000, 'x');
  const std::string other(1U << 20U, 'y');
  const auto lines = read_all(write_plain("long", longer + "\n" + other + "\nz"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], longer);
  EXPECT_EQ(lines[1], other);
  EXPECT_EQ(lines[2], "z");
}

TEST(LineSource, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(read_all("/nowhere/trace"), std::vector<std::string>{"error: /nowhere/trace: No such file or directory"});

  const std::string path = write_compressed("cut.gz", std::string(100'000, 'a') + "\n");
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  bytes.resize(bytes.size() / 2);
  const auto lines = read_all(write_plain("cut.gz", bytes));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "error: " + path + ": the compressed file is cut off");
}

TEST(LineSource, NamesThePlaceOfALine) {
  auto source = LineSource::open(write_plain("place", "a\nb\n"));
  ASSERT_TRUE(source);
  std::string_view line;
  ASSERT_TRUE(source->next(line).value());
  ASSERT_TRUE(source->next(line).value());
  EXPECT_EQ(source->complaint("bad"), path_of("place") + ":2: bad");
}

}  // namespace
}  // namespace wp::lab
