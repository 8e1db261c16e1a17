// Our own strategies: the real code, asked as the proxy asks it.
#pragma once

#include "tools/lab/strategies.h"

namespace wp::lab {

class Own final : public Router {
 public:
  explicit Own(const RouterNeeds& /*needs*/) {}
  [[nodiscard]] balance::Pick pick(const Question& question) override { return balance::pick(question.input); }
};

}  // namespace wp::lab
