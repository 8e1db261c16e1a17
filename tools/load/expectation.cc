#include "tools/load/expectation.h"

namespace wp::load {

std::expected<std::shared_ptr<const Expectation>, std::string> expect_reply(std::string_view path,
                                                                            std::string_view body,
                                                                            const replica::ReplyRules& rules) {
  const replica::Api* api = replica::find_api(path);
  if (api == nullptr) return std::unexpected("no API is served at " + std::string(path));
  auto ask = api->read(body);
  if (!ask) return std::unexpected(ask.error().message);
  auto expected = std::make_shared<Expectation>();
  expected->api = api;
  expected->answer = make_answer(*ask, plan_reply(*ask, rules), rules);
  ask->prompt.clear();
  expected->answer.ask = std::move(*ask);
  return expected;
}

}  // namespace wp::load
