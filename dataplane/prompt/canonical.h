// The canonical stream: what a body says to the engine, in the order in which the engine reads it, whatever the order
// of keys, white space and escapes of the JSON that carried it. Its prefix is what routing keys are built over, so its
// bytes are a published format: whoever writes the same bytes computes the same keys.
//
// No byte from 0xF8 on occurs in UTF-8 (RFC 3629 section 3), and every text here is valid UTF-8, so three such bytes
// frame everything and no content can forge them. Texts are ended, not counted: a prompt that grows keeps its prefix.
//
//   text    := UTF-8 bytes, unescaped, then F8
//   piece   := F9, one letter (enum Piece), payload
//   value   := 'n' | 't' | 'f'                      null, true, false
//            | 's' text
//            | 'i' int64 | 'u' uint64               8 bytes, little endian; 'u' from 2^63 on
//            | 'd' IEEE 754 double                  8 bytes, little endian; only where 'i' and 'u' cannot say the value
//            | 'l' value* FA                        array
//            | 'o' (text value)* FA                 object; members by the bytes of their keys, equal keys in order
//   tokens  := (4 bytes little endian, below 2^31)* FF FF FF FF
//
//   stream  := model text? salt text? (adapter text value)* (tool value)* (function value)* turn*
//   turn    := role text, name text?, (reasoning value)*, body*, (tool_calls value)?, (function_call value)?,
//              (tool_call_id text)?, FA
//            | prompt text | prompt_tokens tokens   completions and embeddings: each prompt is a turn,
//            | part value                           as is an object among them
//            | item value                           an input item of /v1/responses that is no message
//   body    := content text | part value | result text body* FA
//
// A field that is missing or null, an empty array of tools or turns, and an empty model, salt, name or tool_call_id
// write nothing; a role is always written. Adapters come in the order of Field, with their key's name. `system` of
// /v1/messages and `instructions` of /v1/responses are a first turn of role "system"; a string where parts may stand is
// one text part. `cache_control`, which moves from turn to turn and which no engine shows to the model, is left out of
// tools and of content parts. Numbers beyond 64 bits are first shortened (wide_numbers.h).
//
// The chunk ends behind the first turn of role "user" or the first prompt, or after kFirstChunkBytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/prompt/features.h"

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

// Counts the canonical stream and keeps its first chunk. Nothing behind the chunk is stored or hashed: it is counted.
class CanonicalSink {
 public:
  static constexpr char kTextEnd = '\xF8';
  static constexpr char kPiece = '\xF9';
  static constexpr char kEnd = '\xFA';

  void start() {
    bytes_ = 0;
    size_ = 0;
    room_ = kFirstChunkBytes;
  }

  void piece(Piece piece) {
    put_byte(kPiece);
    put_byte(static_cast<char>(piece));
  }
  void text(std::string_view text) {
    put(text.data(), text.size());
    put_byte(kTextEnd);
  }
  void end() { put_byte(kEnd); }

  void put(const char* data, std::size_t size) {
    bytes_ += size;
    if (room_ == 0) return;
    const auto kept = static_cast<std::uint32_t>(std::min<std::size_t>(size, room_));
    if (kept == 0) return;
    std::memcpy(chunk_.data() + size_, data, kept);
    size_ += kept;
    room_ -= kept;
  }
  void put_byte(char byte) { put(&byte, 1); }
  void put_little_endian(std::uint64_t value, std::uint32_t size);

  // The first user turn has ended: what follows does not belong to the chunk.
  void close_chunk() { room_ = 0; }

  // Bytes the chunk may still take; 0 from its end on, when the order of what is written no longer matters.
  [[nodiscard]] std::uint32_t room() const { return room_; }

  [[nodiscard]] std::string_view chunk() const { return {chunk_.data(), size_}; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t room_ = kFirstChunkBytes;
  std::array<char, kFirstChunkBytes> chunk_;
};

}  // namespace wp::prompt
