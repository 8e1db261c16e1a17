#include "controlplane/admin_ring.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "dataplane/balance/pick.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/rng.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

std::string hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4U) *digit = kDigits[value & 15U];
  return text;
}

// The most that an account may hold before a replica of that weight is passed over, as balance::Accounts::within has
// it.
std::uint64_t bound(std::uint64_t floor, double factor, std::uint64_t total, std::uint32_t weight, std::uint64_t sum) {
  const double share = factor * static_cast<double>(weight) * static_cast<double>(total) / static_cast<double>(sum);
  return std::max(floor, static_cast<std::uint64_t>(share));
}

Json step(const balance::Pool& pool, const balance::Replica& replica, const balance::Accounts& accounts) {
  const balance::Load load = accounts.load(replica.ref.id);
  const balance::Load total = accounts.total(pool.id);
  const balance::Bounds& bounds = pool.bounds;
  return {
      {"replica", replica.name},
      {"weight", replica.weight},
      {"within_bounds", balance::Accounts::within(bounds, load, total, replica.weight, pool.weight_sum)},
      {"streams", load.streams},
      {"streams_bound", bound(bounds.streams_floor, bounds.factor, total.streams, replica.weight, pool.weight_sum)},
      {"prefill_tokens", load.prefill},
      {"prefill_bound", bound(bounds.prefill_floor, bounds.factor, total.prefill, replica.weight, pool.weight_sum)}};
}

const balance::Pool* find_pool(const balance::Snapshot& snapshot, const std::string& name) {
  const auto found = std::ranges::find_if(snapshot.pools, [&](const balance::Pool& pool) { return pool.name == name; });
  return found == snapshot.pools.end() ? nullptr : &*found;
}

}  // namespace

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
  prompt::Extractor extractor(limits_);
  Question question{.features = {}, .model = std::move(model), .pool = std::move(pool)};
  if (text.empty()) {
    question.features = extractor.without_body(hints);
    return question;
  }
  const prompt::Api api = prompt::api_of(path.empty() ? "/v1/chat/completions" : path);
  if (api == prompt::Api::none) return std::unexpected("no request to '" + path + "' is routed by its body");
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX));
  text.append(prompt::Extractor::kPadding, '\0');
  const auto features = extractor.extract(api, text.data(), size, hints);
  if (!features) {
    return std::unexpected("warmpathd would refuse this request: " + std::string(info(features.error().reason).text));
  }
  question.features = *features;
  if (question.model.empty()) question.model = features->model;
  question.features.model = {};
  question.features.ladder = {};
  question.features.ends = {};
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
  const std::uint64_t key = features.session != 0 ? features.session : features.first_chunk;
  Json walk = Json::array();
  if (pool->ring != nullptr && key != 0) {
    for (const std::uint16_t member : pool->ring->order(key)) {
      walk.push_back(step(*pool, snapshot.replicas[pool->pickable[member]], accounts_));
    }
  }
  // Asked without its rungs, `warm` answers from the ring, too.
  // The shards draw and take turns on their own: what strategies without a key would pick is only an example.
  Rng rng(key);
  std::uint32_t turn = 0;
  const balance::Pick pick = balance::pick({.snapshot = snapshot,
                                            .pool = *pool,
                                            .accounts = accounts_,
                                            .rng = rng,
                                            .turn = turn,
                                            .now = {},
                                            .features = features});
  Json reply = {{"pool", pool->name},
                {"strategy", balance::word(pool->strategy)},
                {"by", features.session != 0 ? "session" : "prefix"},
                {"key", hex(key)},
                {"walk", std::move(walk)},
                {"replica", nullptr},
                {"decision", nullptr}};
  if (pick.replica != nullptr) {
    reply["replica"] = pick.replica->name;
    reply["decision"] = word(pick.decision);
  }
  if (features.estimated_tokens != 0) reply["estimated_tokens"] = features.estimated_tokens;
  if (!question.model.empty()) reply["model"] = question.model;
  return json_reply(200, reply);
}

}  // namespace wp::control
