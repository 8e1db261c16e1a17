#include "tools/load/workload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"
#include "tools/load/arrivals.h"

namespace wp::load {
namespace {

// Seeds of texts that must not meet: each kind of text has a range of its own.
enum class Text : std::uint64_t { system, question, document, prefix };

std::string text_of(const WorkloadConfig& config, Text kind, std::uint64_t number, std::uint32_t tokens) {
  return words(mix64(config.seed ^ mix64(static_cast<std::uint64_t>(kind) << 56U | number)), tokens);
}

// Requests of two messages, made anew each time or kept.
class Prompts {
 public:
  explicit Prompts(const WorkloadConfig& config) : config_(config) {}

  [[nodiscard]] const WorkloadConfig& config() const { return config_; }
  [[nodiscard]] std::string question(std::uint64_t number) const {
    return text_of(config_, Text::question, number, config_.prompt_tokens);
  }
  [[nodiscard]] std::string system() const { return text_of(config_, Text::system, 0, config_.system_tokens); }
  [[nodiscard]] Request ask(const std::string& system, const std::string& user) const {
    return make_request(config_,
                        chat_body(config_.style, message_json({"system", system}) + message_json({"user", user})), {});
  }

 private:
  WorkloadConfig config_;
};

class Repeated final : public Workload {
 public:
  Repeated(const WorkloadConfig& config, std::uint32_t distinct) : rng_(config.seed) {
    const Prompts prompts(config);
    for (std::uint32_t i = 0; i < distinct; ++i) {
      requests_.push_back(prompts.ask(prompts.system(), prompts.question(i)));
    }
  }
  std::optional<Request> next() override { return requests_[rng_.below(static_cast<std::uint32_t>(requests_.size()))]; }

 private:
  Rng rng_;
  std::vector<Request> requests_;
};

// Prompts of the same length: a share of them begins with the hot prefix, which is a share of the prompt.
class Prefixed final : public Workload {
 public:
  Prefixed(const WorkloadConfig& config, double hot_requests, std::uint32_t prefix_tokens, std::uint32_t rest_tokens)
      : config_(config),
        hot_requests_(hot_requests),
        prefix_tokens_(prefix_tokens),
        rest_tokens_(rest_tokens),
        rng_(config.seed),
        hot_(text_of(config, Text::prefix, 0, prefix_tokens)) {}

  std::optional<Request> next() override {
    const std::uint64_t number = ++made_;
    const bool hot = rng_.chance(hot_requests_);
    const std::string own = hot ? std::string() : text_of(config_, Text::prefix, number, prefix_tokens_);
    const std::string user = text_of(config_, Text::question, number, rest_tokens_);
    return Prompts(config_).ask(hot ? hot_ : own, user);
  }

 private:
  WorkloadConfig config_;
  double hot_requests_;
  std::uint32_t prefix_tokens_;
  std::uint32_t rest_tokens_;
  Rng rng_;
  std::string hot_;
  std::uint64_t made_ = 0;
};

class Sessions final : public Workload {
 public:
  explicit Sessions(const WorkloadConfig& config)
      : config_(config),
        rng_(config.seed),
        who_(config.sessions, config.zipf),
        system_(message_json({"system", Prompts(config).system()})),
        sessions_(config.sessions) {}

  std::optional<Request> next() override {
    const std::uint32_t number = who_.draw(rng_);
    Session& session = sessions_[number];
    if (session.turns == config_.turns) session = {{}, 0, session.conversation + 1};
    ++session.turns;
    session.history += message_json({"user", Prompts(config_).question(++asked_)});
    Request request = make_request(config_, chat_body(config_.style, system_ + session.history),
                                   "session-" + std::to_string(number) + "-" + std::to_string(session.conversation));
    // What an engine that is not simulated says is not known beforehand; the next turn shows it words of ours.
    const std::string reply =
        request.expected != nullptr ? request.expected->answer.text : words(mix64(asked_), config_.style.reply_tokens);
    session.history += message_json({"assistant", reply});
    return request;
  }

 private:
  struct Session {
    std::string history;
    std::uint32_t turns = 0;
    std::uint32_t conversation = 0;
  };

  WorkloadConfig config_;
  Rng rng_;
  Zipf who_;
  std::string system_;
  std::vector<Session> sessions_;
  std::uint64_t asked_ = 0;
};

// The same documents come in any order, as a retriever ranks them: only what stands first is shared as a prefix.
class Documents final : public Workload {
 public:
  explicit Documents(const WorkloadConfig& config)
      : config_(config), rng_(config.seed), which_(config.documents, config.zipf), system_(Prompts(config).system()) {}

  std::optional<Request> next() override {
    std::string user;
    std::vector<std::uint32_t> taken;
    while (taken.size() < config_.documents_each && taken.size() < config_.documents) {
      const std::uint32_t number = which_.draw(rng_);
      if (std::find(taken.begin(), taken.end(), number) != taken.end()) continue;
      taken.push_back(number);
      user += text_of(config_, Text::document, number, config_.document_tokens) + " ";
    }
    return Prompts(config_).ask(system_, user + Prompts(config_).question(++asked_));
  }

 private:
  WorkloadConfig config_;
  Rng rng_;
  Zipf which_;
  std::string system_;
  std::uint64_t asked_ = 0;
};

}  // namespace

Request make_request(const WorkloadConfig& config, std::string body, std::string session) {
  Request request;
  request.path = kChatPath;
  request.session = std::move(session);
  request.stream = config.style.stream;
  if (config.exact) {
    auto expected = expect_reply(kChatPath, body, config.rules);
    WP_ASSERT(expected.has_value());
    request.expected = std::move(*expected);
  }
  request.body = std::make_shared<const std::string>(std::move(body));
  return request;
}

std::unique_ptr<Workload> make_workload(const WorkloadConfig& config) {
  const std::uint32_t all = config.system_tokens + config.prompt_tokens;
  const auto shared = static_cast<std::uint32_t>(config.shared_share * all);
  switch (config.kind) {
    case WorkloadKind::fixed: return std::make_unique<Repeated>(config, 1);
    case WorkloadKind::identical: {
      WorkloadConfig greedy = config;
      greedy.style.greedy = true;
      return std::make_unique<Repeated>(greedy, config.distinct);
    }
    case WorkloadKind::unique: return std::make_unique<Prefixed>(config, 0, config.system_tokens, config.prompt_tokens);
    case WorkloadKind::sharing: return std::make_unique<Prefixed>(config, 1, shared, all - shared);
    case WorkloadKind::hot_prefix:
      return std::make_unique<Prefixed>(config, config.hot_share, config.system_tokens, config.prompt_tokens);
    case WorkloadKind::sessions: return std::make_unique<Sessions>(config);
    case WorkloadKind::rag: return std::make_unique<Documents>(config);
  }
  WP_ASSERT(false);
  return nullptr;
}

}  // namespace wp::load
