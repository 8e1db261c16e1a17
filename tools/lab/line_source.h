// The lines of a text file, which may be compressed with gzip (RFC 1952).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wp::lab {

class LineSource {
 public:
  // Longer lines are an error: a trace's line is a request, and no request that is served has so many bytes.
  static constexpr std::size_t kMaxLine = 256 * 1024 * 1024;

  // The errors of both are one line that names the file.
  [[nodiscard]] static std::expected<LineSource, std::string> open(const std::string& path);

  // Makes `line` the next one, without its end, until the next call. False behind the last.
  [[nodiscard]] std::expected<bool, std::string> next(std::string_view& line);

  // Of the line that next() gave, from 1.
  [[nodiscard]] std::uint32_t number() const { return number_; }
  // "FILE:LINE: words", for what is wrong with that line.
  [[nodiscard]] std::string complaint(std::string_view words) const;

 private:
  // zlib's gzFile, whose header would come with every includer of this one.
  struct Close {
    void operator()(void* file) const;
  };

  LineSource(std::string path, void* file) : path_(std::move(path)), file_(file) {}
  [[nodiscard]] std::expected<void, std::string> fill();

  std::string path_;
  std::unique_ptr<void, Close> file_;
  std::string buffer_;  // read, and from `taken_` on not yet given out
  std::size_t taken_ = 0;
  std::size_t looked_ = 0;  // no line ends before here
  bool ended_ = false;
  std::uint32_t number_ = 0;
};

}  // namespace wp::lab
