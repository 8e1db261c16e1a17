#include "tests/bench/micro/conversation.h"

#include <array>
#include <string_view>

#include "dataplane/base/assert.h"

namespace wp::bench {
namespace {

constexpr std::string_view kBegin =
    R"({"model":"bench","temperature":0.7,"max_tokens":256,"stream":true,"tools":[{"type":"function","function":)"
    R"({"name":"read_file","description":"Reads a file.","parameters":{"type":"object","properties":{"path":)"
    R"({"type":"string"}},"required":["path"]}}}],"messages":[{"role":"system","content":"You are a careful )"
    R"(assistant. Answer in a few sentences."})";
constexpr std::string_view kEnd = "\"}]}";

// As they stand in JSON.
constexpr std::array<std::string_view, 4> kTexts = {
    R"(Explain how a balancer decides where a request goes, and why \"warm\" replicas answer sooner. )",
    R"(A replica keeps the keys and values of what it has read.\nA request that begins the same way skips it:\n)"
    R"(- the system prompt,\n- the tools,\n- the turns before this one. )",
    "Und wenn alle Replikate ausgelastet sind? Bitte mit Zahlen \xe2\x80\x93 1 %, 10 % und 50 % \xc3\xbc"
    "ber dem Mittel. ",
    R"(Then the next one on the ring takes it:\n\n    pick = walk(ring, key)[0 if load(r) <= bound else 1]\n\n)"
    R"(The bound is 1.25 times the fair share, so no replica is more than a quarter over the mean. )",
};

// People write a paragraph, models a page: 200 and 1,000 bytes, as in shared conversations.
std::string message(std::uint32_t turn) {
  const bool user = turn % 2 == 0;
  std::string text = user ? R"(,{"role":"user","content":")" : R"(,{"role":"assistant","content":")";
  const std::uint32_t pieces = user ? 1 + turn % 3 : 4 + turn % 11;
  for (std::uint32_t i = 0; i < pieces; ++i) text += kTexts[(turn + i) % kTexts.size()];
  return text;
}

}  // namespace

std::string conversation(std::uint32_t size) {
  constexpr std::string_view kLast = R"(,{"role":"user","content":")";
  std::string body(kBegin);
  for (std::uint32_t turn = 0;; ++turn) {
    const std::string next = message(turn) + "\"}";
    if (body.size() + next.size() + kLast.size() + kEnd.size() > size) break;
    body += next;
  }
  body += kLast;
  WP_ASSERT(body.size() + kEnd.size() <= size);
  body.append(size - body.size() - kEnd.size(), 'x');
  body += kEnd;
  return body;
}

}  // namespace wp::bench
