// Pictures, sound and files that stand in a body as base64: what they come to in tokens. The canonical stream has their
// hash instead of their text, as often as makes up for that, so that 4 bytes a token hold here, too.
//
//   picture  750 pixels a token (what Anthropic documents for Claude, at most about 1,600 a picture; Qwen2-VL's 28 x 28
//            patches are 784), and 2 bits a pixel, as photographs in JPEG have: a token each 188 bytes, 64 to 1,600
//   sound    25 tokens a second (Qwen2-Audio and Whisper's encoder halved: 40 ms each), at 128 to 256 kbit/s: a token
//            each 1,024 bytes, at least 16
//   other    files: as pictures, without an upper bound
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wp::prompt {

// A shorter text is no medium.
inline constexpr std::size_t kLeastMedia = 256;

// 8-byte words of the stream that the text stands for, two tokens each; 0: it is none of these. It is one when its
// first kLeastMedia bytes, behind "data:...;base64," where it begins so, are letters of base64.
[[nodiscard]] std::uint32_t media_words(std::string_view text);

}  // namespace wp::prompt
