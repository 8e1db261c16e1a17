#include "tools/replica/reply_rules.h"

#include "dataplane/base/rng.h"
#include "tools/replica/reply_text.h"

namespace wp::replica {

ReplyPlan plan_reply(const Ask& ask, const ReplyRules& rules) {
  const std::uint64_t hash = prompt_hash(ask.prompt, rules.seed);
  if (!ask.input_hashes.empty()) return {hash, 0};
  const std::uint32_t drawn = Rng(hash).between(rules.default_tokens_min, rules.default_tokens_max);
  return {hash, ask.max_tokens.value_or(drawn)};
}

Answer make_answer(const Ask& ask, const ReplyPlan& plan, const ReplyRules& rules) {
  Answer answer;
  answer.model = ask.model;
  answer.text = make_reply(plan.text_seed, plan.tokens);
  answer.prompt_tokens = static_cast<std::uint32_t>(ask.prompt.size());
  answer.reply_tokens = plan.tokens;
  answer.cache_report = rules.cache_report;
  answer.cut = rules.finish == Finish::length || (rules.finish == Finish::natural && ask.max_tokens.has_value());
  return answer;
}

}  // namespace wp::replica
