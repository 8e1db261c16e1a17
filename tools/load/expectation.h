// What the reply to a request must be, byte by byte: the simulated replica's text follows from the prompt, so the load
// generator makes the same reply with the same code and compares.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "tools/replica/api.h"
#include "tools/replica/reply_rules.h"

namespace wp::load {

struct Expectation {
  const replica::Api* api = nullptr;
  replica::Answer answer;  // but for id, created and cached_tokens, which each reply brings
};

// The reply to `body` at `path` of a replica with these rules. The error says what is wrong with the request.
[[nodiscard]] std::expected<std::shared_ptr<const Expectation>, std::string> expect_reply(
    std::string_view path, std::string_view body, const replica::ReplyRules& rules);

}  // namespace wp::load
