// The rungs of a prompt: where its canonical stream is hashed, and the hashing, which may stop and go on.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/keyed_hash.h"
#include "dataplane/prompt/rung.h"

namespace wp::prompt {

class Ladder {
 public:
  // Of a finished stream, which must live until the last step.
  void start(std::uint64_t key, const StreamMarks& marks, std::span<const Segment> segments, std::uint32_t bytes);

  // Hashes on. Returns whether the top is reached: what follows is then complete.
  [[nodiscard]] bool step(Budget& budget);

  [[nodiscard]] std::span<const Rung> ladder() const { return {ladder_.data(), ladder_size_}; }
  [[nodiscard]] std::span<const Rung> ends() const { return {ends_.data(), ends_size_}; }
  [[nodiscard]] std::uint64_t first_chunk() const { return first_chunk_; }
  // The hash up to the end of the user's first turn or of the first prompt; that of the first chunk if there is none.
  [[nodiscard]] std::uint64_t question() const { return question_ != 0 ? question_ : first_chunk_; }

 private:
  static constexpr std::uint32_t kFirstRung = 256;
  static constexpr std::uint32_t kSemantic = 2;
  static constexpr std::uint32_t kEnds = kTurnEnds + 1;
  static constexpr std::uint32_t kGeometric = kMaxRungs - kSemantic - kEnds;  // reaches 28 MB

  // What an end of the stream is good for.
  struct Stop {
    std::uint32_t end = 0;
    bool rung = false;
    bool meant = false;  // something ends there
    bool turn_end = false;
    bool chunk = false;
    bool question = false;
  };

  void plan(const StreamMarks& marks, std::uint32_t bytes);
  [[nodiscard]] bool climb(std::uint32_t end, Budget& budget);
  [[nodiscard]] bool read_medium(const Segment& medium, Budget& budget);
  [[nodiscard]] std::string_view front() const;
  void note(const Stop& stop);

  RunningHash hash_;
  std::span<const Segment> segments_;  // what is still to be hashed, but for the front's first taken_ bytes
  std::size_t taken_ = 0;
  std::uint32_t hashed_ = 0;
  // The front, when it is a medium: how far its text was hashed, and its words from then on.
  static constexpr std::size_t kWords = 512;
  RunningHash medium_hash_;
  std::size_t medium_read_ = 0;
  std::array<std::uint64_t, kWords> medium_words_;

  std::array<Stop, kMaxRungs + 1> stops_;  // ascending
  std::uint32_t stops_size_ = 0;
  std::uint32_t next_stop_ = 0;

  std::array<Rung, kGeometric + kSemantic> ladder_;
  std::array<Rung, kEnds> ends_;
  std::uint32_t ladder_size_ = 0;
  std::uint32_t ends_size_ = 0;
  std::uint64_t first_chunk_ = 0;
  std::uint64_t question_ = 0;
};

}  // namespace wp::prompt
