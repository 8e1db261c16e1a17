// What must hold of any bytes on a connection, however they are cut.
#pragma once

#include <string_view>

#include "tests/unit/http/transcript.h"

namespace wp::http::fuzz {

// Reads `bytes` whole, in pieces of `piece`, and cut before `cut`; asserts that
// - all three say the same, errors and their positions among it;
// - a message ends at its last byte: without that byte it is incomplete, and alone it reads as it did in the stream;
// - what is forwarded is a valid head of the same meaning, and forwarding that changes nothing any more.
void check(const test::Terms& terms, std::string_view bytes, std::size_t piece, std::size_t cut);

}  // namespace wp::http::fuzz
