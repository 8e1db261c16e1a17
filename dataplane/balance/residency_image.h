// The residency table as bytes, so that the process that comes next begins with what this one knew. Replicas go by
// their names: ids are a process's own. All or nothing: an image that is damaged, or was made by a table that this one
// is not like, changes nothing.
//
//   head      magic, format, lines, hash check, when it was written, number of replicas      6 x 8 bytes
//   replica   id, epoch, taken, learned, length of the name (8 bytes each), the name
//   table     number of lines that are not empty, then each: its index, its eight entries     8 bytes each
//   table     the same of the fan-out
//   check     XXH3 of all before
//
// Numbers are the machine's own: an image of another kind of machine fails its magic.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/balance/residency.h"
#include "dataplane/prompt/keyed_hash.h"

namespace wp::balance {

struct NamedReplica {
  std::uint32_t id = 0;
  std::string_view name;
};

// Why an image was not taken.
enum class ImageFlaw : std::uint8_t {
  foreign,    // it is no image, or of another format
  damaged,    // cut off or changed
  unlike,     // the table is of another size
  other_key,  // its hashes were made with another key
  stale,      // written too long ago, or in the future
};
inline constexpr std::size_t kImageFlaws = 5;
[[nodiscard]] std::string_view word(ImageFlaw flaw);

struct ImageContext {
  std::uint64_t hash_key = 0;  // of every hash in the table; only a hash of it is written
  std::int64_t now_s = 0;      // of the calendar: seconds since 1970
};

// What engines hold for longer than this without a word from us is not worth guessing at.
inline constexpr std::int64_t kImageAges_s = 3600;

struct Adopted {
  std::uint64_t entries = 0;   // of holders
  std::uint32_t replicas = 0;  // known here, too
  std::uint32_t unknown = 0;   // not known here: what they hold is left out
};

// Writes an image piece by piece. No shard may be running, and all that is handed in outlives it.
class ImageWriter {
 public:
  ImageWriter(const Residency& residency, std::span<const NamedReplica> replicas, const ImageContext& context);

  // The next piece, about a MiB that lives until the next call; empty behind the last.
  [[nodiscard]] std::string_view next();

 private:
  enum class Stage : std::uint8_t { head, holders, fans, check, done };

  template <class Plain>
  void put(const Plain& value);
  void put_head();
  void put_lines();

  const Residency& residency_;
  std::span<const NamedReplica> replicas_;
  ImageContext context_;
  prompt::RunningHash hash_;
  std::string piece_;
  Stage stage_ = Stage::head;
  std::uint32_t line_ = 0;  // the next one of the table that the stage is about
};

// Into a table of which no shard knows yet. Entries that have died by now, by what is known of their replica's cache,
// are left out.
[[nodiscard]] std::expected<Adopted, ImageFlaw> read_image(Residency& residency, std::string_view image,
                                                           std::span<const NamedReplica> replicas,
                                                           const ImageContext& context);

}  // namespace wp::balance
