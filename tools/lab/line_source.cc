#include "tools/lab/line_source.h"

#include <cerrno>
#include <cstring>

#include <zlib.h>

namespace wp::lab {
namespace {

constexpr unsigned kPiece = 1U << 20U;

}  // namespace

void LineSource::Close::operator()(void* file) const {
  gzclose_r(static_cast<gzFile>(file));
}

std::expected<LineSource, std::string> LineSource::open(const std::string& path) {
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rb");  // a file that is not compressed is read as it is
  if (file == nullptr) return std::unexpected(path + ": " + std::strerror(errno != 0 ? errno : ENOMEM));
  return LineSource(path, file);
}

std::string LineSource::complaint(std::string_view words) const {
  return path_ + ":" + std::to_string(number_) + ": " + std::string(words);
}

std::expected<void, std::string> LineSource::fill() {
  buffer_.erase(0, taken_);
  looked_ -= taken_;
  taken_ = 0;
  if (buffer_.size() > kMaxLine) return std::unexpected(path_ + ": a line of more than 256 MiB");
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kPiece);
  const auto file = static_cast<gzFile>(file_.get());
  const int got = gzread(file, buffer_.data() + had, kPiece);
  buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got == static_cast<int>(kPiece)) return {};
  // Short: the end, or a file that is damaged, cut off, or no file at all.
  int code = Z_OK;
  const char* words = gzerror(file, &code);
  if (code == Z_ERRNO) return std::unexpected(path_ + ": " + std::strerror(errno));
  if (code == Z_BUF_ERROR) return std::unexpected(path_ + ": the compressed file is cut off");
  if (code != Z_OK && code != Z_STREAM_END) return std::unexpected(path_ + ": " + words);
  ended_ = got == 0;
  return {};
}

std::expected<bool, std::string> LineSource::next(std::string_view& line) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', looked_);
    if (end != std::string::npos || (ended_ && taken_ < buffer_.size())) {
      const std::size_t stop = end == std::string::npos ? buffer_.size() : end;
      line = std::string_view(buffer_).substr(taken_, stop - taken_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      taken_ = looked_ = end == std::string::npos ? stop : stop + 1;
      ++number_;
      return true;
    }
    if (ended_) return false;
    looked_ = buffer_.size();
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
  }
}

}  // namespace wp::lab
