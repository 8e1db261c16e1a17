// What a replica says to a request, as far as that follows from the request and the replica's settings alone: its text,
// its length and how it ends. Whoever knows the rules can check every byte of a reply.
#pragma once

#include <cstdint>

#include "tools/replica/api.h"

namespace wp::replica {

// How replies say they ended. `natural`: by the limit when the client gave one, else by the model.
enum class Finish : std::uint8_t { natural, stop, length };

struct ReplyRules {
  bool cache_report = false;  // usage names cached_tokens, as vLLM and SGLang do with a flag
  Finish finish = Finish::natural;
  std::uint64_t seed = 0;
  std::uint32_t default_tokens_min = 16;  // length of a reply whose request gives no limit: drawn by the prompt
  std::uint32_t default_tokens_max = 64;
};

// A reply before it is made: a limit of a thousand million tokens must cost nothing until it is judged.
struct ReplyPlan {
  std::uint64_t text_seed = 0;
  std::uint32_t tokens = 0;
};

[[nodiscard]] ReplyPlan plan_reply(const Ask& ask, const ReplyRules& rules);

// The whole answer but what only the one that gives it knows: id, created, cached_tokens and the ask itself.
[[nodiscard]] Answer make_answer(const Ask& ask, const ReplyPlan& plan, const ReplyRules& rules);

}  // namespace wp::replica
