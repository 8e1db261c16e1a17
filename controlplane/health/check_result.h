// What one check came to, and what an HTTP status says.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wp::control {

enum class CheckResult : std::uint8_t {
  passed,
  no_page,  // it answers, but has no such page or shows it to nobody: alive, and that is all it says
  loading,  // 503: the server is there, its model is not
  bad_status,
  bad_reply,  // not HTTP, or cut off
  refused,    // no connection came about: nobody listens
  timed_out,
  not_made,  // we lacked a socket: says nothing about the replica
};

inline constexpr std::array kCheckResults = {CheckResult::passed,     CheckResult::no_page,   CheckResult::loading,
                                             CheckResult::bad_status, CheckResult::bad_reply, CheckResult::refused,
                                             CheckResult::timed_out,  CheckResult::not_made};

// Of the counter's label and the log.
[[nodiscard]] std::string_view word(CheckResult result);

// By the status of a complete reply. vLLM, SGLang, TGI and llama.cpp answer 200 when they can serve; llama.cpp and
// SGLang 503 while they load, vLLM when its engine has died.
[[nodiscard]] CheckResult judge_status(unsigned status);

}  // namespace wp::control
