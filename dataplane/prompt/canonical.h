// The canonical stream: what a body says to the engine, in the order in which the engine reads it, whatever the order
// of keys, white space and escapes of the JSON that carried it. Its prefix is what routing keys are built over, so its
// bytes are a published format: doc/KEYS.md defines them, and whoever else writes the same computes the same keys.
//
// No byte from 0xF8 on occurs in UTF-8 (RFC 3629 section 3), and every text here is valid UTF-8, so three such bytes
// frame everything and no content can forge them. Texts are ended, not counted: a prompt that grows keeps its prefix.
// Rungs are hashes of the stream's first n bytes (rung.h), taken where StreamMarks and the Ladder say.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/rung.h"

namespace wp::prompt {

enum class Piece : char {
  model = 'm',
  salt = 's',
  adapter = 'a',
  tool = 't',
  function = 'f',
  role = 'r',
  name = 'n',
  reasoning = 'h',
  content = 'c',
  part = 'p',
  result = 'u',
  tool_calls = 'k',
  function_call = 'q',
  tool_call_id = 'i',
  prompt = 'x',
  prompt_tokens = 'y',
  item = 'z',
};

// Members of one object that are put in order: sorting is bounded, and no schema comes near.
inline constexpr std::size_t kMostSorted = 256;

// A piece of the stream: its bytes, or, where `words` is not 0, a text whose hash stands there so many times.
struct Segment {
  std::string_view text;
  std::uint32_t words = 0;
};

// Ends in the stream, in bytes; 0: there is none (no end is at 0).
struct StreamMarks {
  bool opened = false;        // a turn of neither system nor developer began
  std::uint32_t opening = 0;  // the end of all before it
  bool asked = false;         // a turn of the user, or a prompt, ended
  std::uint32_t question = 0;
  std::uint32_t turns = 0;                             // that ended
  std::array<std::uint32_t, kTurnEnds + 1> turn_ends;  // of the last ones, turn i at i % size
};

// The canonical stream of one body as a list of segments. Long texts are referred to where they lie, all else is
// gathered in blocks that stay for the next body. Of a stream that nobody hashes only the length is wanted: it is
// counted, which the same calls do for less.
class CanonicalSink {
 public:
  static constexpr char kTextEnd = '\xF8';
  static constexpr char kPiece = '\xF9';
  static constexpr char kEnd = '\xFA';

  void start(bool counted = false);

  void piece(Piece piece) {
    const std::array<char, 2> bytes{kPiece, static_cast<char>(piece)};
    put(bytes.data(), bytes.size());
  }
  void text(std::string_view text) {
    if (!text.empty()) put(text.data(), text.size());  // an empty text may point nowhere, which memcpy forbids
    put_byte(kTextEnd);
  }
  void end() { put_byte(kEnd); }

  // What is longer than kCopied must live as long as the stream, unless that is counted.
  void put(const char* data, std::size_t size) {
    if (size > copied_) return refer(data, size);
    if (size > room_) next_block();
    copy(to_, data, size);
    to_ += size;
    room_ -= size;
  }
  void put_byte(char byte) { put(&byte, 1); }
  void put_little_endian(std::uint64_t value, std::uint32_t size);
  void put_number(char letter, std::uint64_t value) {
    put_byte(letter);
    put_little_endian(value, 8);
  }
  // A medium of at least one word; the text must live as long as the stream.
  void media(std::string_view text, std::uint32_t words);

  // A turn begins or ends here. `preamble`: it is of the system or the developer; `question`: of the user.
  void begin_turn(bool preamble);
  void end_turn(bool question);

  [[nodiscard]] bool counted() const { return counted_; }
  // Of a counted stream: so many bytes, whatever they are.
  void count(std::size_t bytes) { referred_ += static_cast<std::uint32_t>(bytes); }
  // Bytes so far.
  [[nodiscard]] std::uint32_t bytes() const { return referred_ + static_cast<std::uint32_t>(to_ - run_); }
  [[nodiscard]] const StreamMarks& marks() const { return marks_; }

  // The stream is complete: its segments, none of them empty, until the next start(). There are none of a counted one.
  [[nodiscard]] std::span<const Segment> finish();

 private:
  static constexpr std::size_t kCopied = 512;
  static constexpr std::size_t kCountedCopied = 16;  // less to do than not to
  static constexpr std::size_t kBlock = std::size_t{64} * 1024;

  // Most are a few bytes long: two words that overlap, without a call.
  static void copy(char* to, const char* from, std::size_t size) {
    const auto ends = [&]<class Word>(Word) {
      Word first;
      Word last;
      std::memcpy(&first, from, sizeof first);
      std::memcpy(&last, from + size - sizeof last, sizeof last);
      std::memcpy(to, &first, sizeof first);
      std::memcpy(to + size - sizeof last, &last, sizeof last);
    };
    if (size > 16) {
      std::memcpy(to, from, size);
    } else if (size >= 8) {
      ends(std::uint64_t{});
    } else if (size >= 4) {
      ends(std::uint32_t{});
    } else if (size >= 2) {
      ends(std::uint16_t{});
    } else if (size == 1) {
      *to = *from;
    }
  }
  void refer(const char* data, std::size_t size);
  void end_run();
  void next_block();

  std::vector<Segment> segments_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0;  // of blocks_
  char* to_ = nullptr;    // in the last used block
  char* run_ = nullptr;   // what is no segment yet begins here
  std::size_t room_ = 0;  // behind to_
  std::size_t copied_ = kCopied;
  std::uint32_t referred_ = 0;  // bytes of segments_, or those that would be
  bool counted_ = false;
  StreamMarks marks_;
};

}  // namespace wp::prompt
