#include "controlplane/health/check_result.h"

namespace wp::control {

std::string_view word(CheckResult result) {
  switch (result) {
    case CheckResult::passed: return "passed";
    case CheckResult::no_page: return "no_page";
    case CheckResult::loading: return "loading";
    case CheckResult::bad_status: return "bad_status";
    case CheckResult::bad_reply: return "bad_reply";
    case CheckResult::refused: return "refused";
    case CheckResult::timed_out: return "timed_out";
    case CheckResult::not_made: return "not_made";
  }
  return "?";
}

CheckResult judge_status(unsigned status) {
  if (status < 200) return CheckResult::bad_reply;  // an interim reply is no answer
  if (status < 400) return CheckResult::passed;
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 501: return CheckResult::no_page;
    case 503: return CheckResult::loading;
    default: return CheckResult::bad_status;
  }
}

}  // namespace wp::control
