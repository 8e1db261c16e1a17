// Workloads: what is asked, in which order. All of them are made from a seed alone and never look at a reply, so that
// two runs ask the same, whatever the server does: the words that a conversation's turn got back are known beforehand.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/load/chat_body.h"
#include "tools/load/request.h"
#include "tools/replica/reply_rules.h"

namespace wp::load {

enum class WorkloadKind : std::uint8_t {
  fixed,       // one conversation, over and over
  identical,   // a few, with temperature 0: a cache may answer them
  unique,      // no two share anything
  sharing,     // every prompt begins with the same share of its length
  hot_prefix,  // a share of the requests begins with one long prefix, the others with one of their own
  sessions,    // one system prompt, conversations that grow, some talking more than others
  rag,         // a system prompt, some documents, a question
};

struct WorkloadConfig {
  WorkloadKind kind = WorkloadKind::sessions;
  ChatStyle style;
  std::uint32_t system_tokens = 1024;  // of the system prompt, or of a prefix
  std::uint32_t prompt_tokens = 128;   // of what the user says
  std::uint32_t sessions = 100;
  std::uint32_t turns = 8;     // after which a session begins a new conversation
  double zipf = 1.0;           // how unlike sessions and documents are: see Zipf
  double hot_share = 0.25;     // of the requests
  double shared_share = 0.26;  // of each prompt
  std::uint32_t documents = 200;
  std::uint32_t document_tokens = 1024;
  std::uint32_t documents_each = 3;
  std::uint32_t distinct = 8;  // of `identical`
  std::uint64_t seed = 1;
  bool exact = true;  // replies come from simulated replicas with these rules
  replica::ReplyRules rules;
};

class Workload {
 public:
  virtual ~Workload() = default;
  // The next request; nothing at the end of a trace.
  [[nodiscard]] virtual std::optional<Request> next() = 0;
  // Why a trace ended early; empty: it did not.
  [[nodiscard]] virtual const std::string& failure() const {
    static const std::string kNone;
    return kNone;
  }
};

[[nodiscard]] std::unique_ptr<Workload> make_workload(const WorkloadConfig& config);

// A request with this body, and what its reply must be when the config says that this can be known. The body must be
// one that the simulated replica reads: asserted.
[[nodiscard]] Request make_request(const WorkloadConfig& config, std::string body, std::string session);

}  // namespace wp::load
