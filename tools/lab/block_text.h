// Text for traces that have only the numbers of blocks: the same block is always the same text, so that texts share the
// prefixes that their blocks share.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace wp::lab {

// Appends `tokens` * kBytesPerToken letters for a prompt whose blocks of `block_tokens` have these numbers; the last
// block is cut. There are as many blocks as it takes.
void append_block_text(std::span<const std::uint64_t> ids, std::uint32_t tokens, std::uint32_t block_tokens,
                       std::string& text);

}  // namespace wp::lab
