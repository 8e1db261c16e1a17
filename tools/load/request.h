// A request as a workload makes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"
#include "tools/load/expectation.h"

namespace wp::load {

struct Request {
  std::string_view path;  // lives as long as the program
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const Expectation> expected;  // nullptr: only the reply's shape is checked
  std::string session;                          // X-Session-ID; empty: none is sent
  bool stream = false;
  Duration at;  // of a trace: when, counted from its first request
};

}  // namespace wp::load
