// Whether batches of KV events come without a gap. An engine numbers them from 0 and keeps the last, which can be asked
// for again. What was read is trusted only while it is whole: where a batch is missing and cannot be had, or the
// numbers go back, or the last one that was read is not what the engine has under its number, everything begins anew.
// Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace wp::feeds {

class BatchOrder {
 public:
  enum class Verdict : std::uint8_t {
    apply,       // it is the next
    skip,        // it was read before, or comes again when it is asked for
    anew,        // what was read is worth nothing; nor is this batch, until it comes again
    apply_anew,  // what was read before is worth nothing; with this batch it begins
  };

  // A batch of the live feed; `digest` stands for its bytes.
  [[nodiscard]] Verdict published(std::uint64_t number, std::uint64_t digest);

  // From where to ask again: from the last that was read on, which shows that the engine is still the same.
  [[nodiscard]] std::uint64_t ask();
  // What comes of it, and its end: skip or anew.
  [[nodiscard]] Verdict replayed(std::uint64_t number, std::uint64_t digest);
  [[nodiscard]] Verdict replay_ended();
  // The end did not come.
  void replay_failed();
  // Whether it is still the same engine is to be seen.
  void doubt() { whole_ = false; }

  [[nodiscard]] bool asking() const { return asking_; }
  // A batch is missing that can be asked for.
  [[nodiscard]] bool behind() const { return published_ && (!last_ || *published_ > last_->number); }
  // All that happened up to the last look is known.
  [[nodiscard]] bool whole() const { return whole_ && !behind(); }

 private:
  struct Batch {
    std::uint64_t number = 0;
    std::uint64_t digest = 0;
    friend bool operator==(const Batch&, const Batch&) = default;
  };

  std::optional<Batch> last_;               // that was read
  std::optional<std::uint64_t> published_;  // the last of the live feed
  std::optional<Batch> asked_;              // the first that is asked for, if it was read before
  bool asking_ = false;
  bool answered_ = false;  // something came of it
  bool whole_ = false;
};

}  // namespace wp::feeds
