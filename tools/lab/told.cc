#include "tools/lab/told.h"

namespace wp::lab {
namespace {

// Longer than any trace.
constexpr Duration kForEver = seconds(100'000'000);

}  // namespace

balance::Pick Told::pick(const Question& question) {
  for (const std::uint16_t position : candidates_.of(question.input)) tell(question, position);
  return balance::pick(question.input);
}

// Rungs lie in the prompt's tokens as they lie in its bytes.
void Told::tell(const Question& question, std::uint32_t position) {
  const prompt::Features& features = question.input.features;
  const std::uint32_t id = question.input.snapshot.replicas[position].ref.id;
  const std::uint64_t cached = fleet_[position].match(question.blocks) * block_tokens_ * features.canonical_bytes;
  balance::ToldTable& table = question.input.residency->told();
  table.hear(id, question.now + kForEver);
  for (const std::span<const prompt::Rung> rungs : {features.ladder, features.ends}) {
    for (const prompt::Rung& rung : rungs) {
      const bool there = std::uint64_t{rung.end} * question.request.prompt_tokens <= cached;
      there ? table.hold(id, rung.hash) : table.drop(id, rung.hash);
    }
  }
}

}  // namespace wp::lab
