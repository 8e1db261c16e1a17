// What the control thread tells the operator: plain lines on standard error. Never called by a shard, and never with a
// prompt, a credential or a session key in it.
#pragma once

#include <string_view>

namespace wp::control::log {

// Call once. Lines before it are dropped: a test has no operator.
void open();

void info(std::string_view line);
void warn(std::string_view line);
void error(std::string_view line);

}  // namespace wp::control::log
