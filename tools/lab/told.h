// `kv`, told at each pick what every cache has of that prompt: the real strategy with a reporter that is never late.
#pragma once

#include "tools/lab/strategies.h"

namespace wp::lab {

class Told final : public Router {
 public:
  explicit Told(const RouterNeeds& needs) : fleet_(needs.fleet), block_tokens_(needs.trace.block_tokens) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override;

 private:
  void tell(const Question& question, std::uint32_t position);

  const Fleet& fleet_;
  std::uint64_t block_tokens_;
  Candidates candidates_;
};

}  // namespace wp::lab
