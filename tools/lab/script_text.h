// The text of a script's line: the same piece is always the same letters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/lab/families/script.h"
#include "tools/lab/trace.h"

namespace wp::lab {

// What chat templates put around a message, about.
inline constexpr std::uint32_t kMessageTokens = 4;

struct ScriptText {
  std::uint32_t tokens = 0;       // of the prompt
  std::vector<BlockHash> blocks;  // the full ones; equal hashes mean equal prefixes
  std::size_t opening_at = 0;     // in the body, where the first user turn begins
};

// Makes `body` the request as a client of /v1/chat/completions would send it.
[[nodiscard]] ScriptText write_script_text(const ScriptLine& line, std::uint32_t block_tokens, std::string& body);

}  // namespace wp::lab
