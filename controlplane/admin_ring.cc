#include "controlplane/admin_ring.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "controlplane/admin_pick.h"
#include "dataplane/base/hash_text.h"
#include "dataplane/base/reasons.h"

namespace wp::control {

using Json = nlohmann::json;

AdminReply AdminRing::handle(const AdminRequest& request, std::string_view rest) const {
  if (rest != "lookup") return admin_error(404, "unknown path; there is /ring/lookup");
  if (!request.may_change) return admin_error(403, "the ring is asked on the control socket");
  if (request.method != "POST") return method_not_allowed("POST");
  auto question = read(request.body);
  if (!question) return admin_error(400, question.error());
  return answer(*question);
}

std::expected<AdminRing::Question, std::string> AdminRing::read(std::string_view body) const {
  constexpr std::array<std::string_view, 6> kKeys = {"session", "request", "path", "credential", "model", "pool"};
  const auto json = read_object(body, kKeys);
  if (!json) return std::unexpected(json.error());
  std::array<std::string, kKeys.size()> values;
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    const std::string key(kKeys[i]);
    if (!read_string(*json, key.c_str(), values[i])) return std::unexpected("'" + key + "' is a string");
  }
  auto& [session, text, path, credential, model, pool] = values;
  if (session.empty() == text.empty()) return std::unexpected("'session' or 'request' is wanted, and not both");
  const prompt::HeaderHints hints{.session = session, .credential = credential};
  Question question{.extractor = std::make_unique<prompt::Extractor>(limits_),
                    .features = {},
                    .model = std::move(model),
                    .pool = std::move(pool)};
  if (text.empty()) {
    question.features = question.extractor->without_body(hints);
    return question;
  }
  const prompt::Api api = prompt::api_of(path.empty() ? "/v1/chat/completions" : path);
  if (api == prompt::Api::none) return std::unexpected("no request to '" + path + "' is routed by its body");
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX));
  text.append(prompt::Extractor::kPadding, '\0');
  const auto features = question.extractor->extract(api, text.data(), size, hints);
  if (!features) {
    return std::unexpected("warmpathd would refuse this request: " + std::string(info(features.error().reason).text));
  }
  question.features = *features;
  if (question.model.empty()) question.model = features->model;
  return question;
}

AdminReply AdminRing::answer(const Question& question) const {
  const balance::Snapshot& snapshot = publisher_.current();
  const balance::Pool* pool =
      question.pool.empty() ? snapshot.route(question.model) : find_pool(snapshot, question.pool);
  if (pool == nullptr) {
    return admin_error(404, question.pool.empty() ? "no pool serves the model '" + question.model + "'"
                                                  : "there is no pool " + question.pool);
  }
  const prompt::Features& features = question.features;
  // Asked with a session alone, which has no rungs, `warm` answers from the ring, too.
  const balance::Explanation told = explain_now(snapshot, *pool, known_, features);
  const std::uint64_t unasked = features.session != 0 ? features.session : features.first_chunk;
  const std::uint64_t key = told.key_kind == balance::KeyKind::none ? unasked : told.key;
  Json walk = Json::array();
  for (const balance::Considered& entry : told.considered) {
    if (entry.place) walk.push_back(describe_load(entry));
  }
  Json reply = {{"pool", pool->name},
                {"strategy", balance::word(pool->strategy)},
                {"by", features.session != 0 ? "session" : "prefix"},
                {"key", hash_text(key)},
                {"walk", std::move(walk)},
                {"replica", nullptr},
                {"decision", nullptr}};
  if (told.pick.replica != nullptr) {
    reply["replica"] = told.pick.replica->name;
    reply["decision"] = word(told.pick.decision);
  }
  if (features.estimated_tokens != 0) reply["estimated_tokens"] = features.estimated_tokens;
  if (!question.model.empty()) reply["model"] = question.model;
  return json_reply(200, reply);
}

}  // namespace wp::control
