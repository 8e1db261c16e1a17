// An oracle: the grammar of RFC 9110 and RFC 9112 written down once more, for tests only and as plainly as it stands
// there. It shares no code with the readers but the writer's list of phrases.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wp::http::test {

struct Meaning {
  std::string forwarded;  // the head as one writes it anew: end-to-end fields in their order, framing last
  std::string payload;
  std::size_t end = 0;  // bytes of the connection up to the message's last
};

enum class Role { requests, replies, replies_to_head };

// The messages that `bytes` begin with, the last of them followed by something that is no whole message. A reply that
// the connection's end frames takes all that is there. Where the RFCs let a recipient choose, the oracle refuses; so
// what a reader accepts must be here, and mean the same.
[[nodiscard]] std::vector<Meaning> read_by_grammar(std::string_view bytes, Role role);

}  // namespace wp::http::test
