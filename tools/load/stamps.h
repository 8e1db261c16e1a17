// The lines with which `warmpath-replica --stamps` begins each piece of a stream: ": NANOSECONDS", a comment to any
// reader of server-sent events. They are taken out, so that what is left is the reply as it must be.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"

namespace wp::load {

class Stamps {
 public:
  // Hands what is no such line to take(piece), which says false to end it all, and the time of each to written(at).
  // Bytes may be cut anywhere.
  template <class Take, class Written>
  [[nodiscard]] bool feed(std::string_view bytes, Take&& take, Written&& written) {
    while (!bytes.empty()) {
      if (at_line_start_ && bytes.front() == ':') in_stamp_ = true;
      const std::size_t end = bytes.find('\n');
      const std::string_view line = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
      bytes.remove_prefix(line.size());
      at_line_start_ = end != std::string_view::npos;
      if (!in_stamp_) {
        if (!take(line)) return false;
        continue;
      }
      if (stamp_.size() < kLongest) stamp_ += line;
      if (!at_line_start_) continue;
      Instant at;
      const auto read = std::from_chars(stamp_.data() + kMark.size(), stamp_.data() + stamp_.size(), at.ns);
      // A comment of another kind is the check's to judge.
      const bool ours = stamp_.starts_with(kMark) && read.ec == std::errc{} && *read.ptr == '\n';
      if (ours) {
        written(at);
      } else if (!take(stamp_)) {
        return false;
      }
      stamp_.clear();
      in_stamp_ = false;
    }
    return true;
  }

 private:
  static constexpr std::string_view kMark = ": ";
  static constexpr std::size_t kLongest = 64;

  std::string stamp_;
  bool at_line_start_ = true;
  bool in_stamp_ = false;
};

}  // namespace wp::load
