// doc/CONFIG.md, from the table of keys; a test compares.
#pragma once

#include <string>

namespace wp::control {

[[nodiscard]] std::string config_page();

}  // namespace wp::control
