// The reference pages, from the same lists that the program runs on: doc/REASONS.md and doc/METRICS.md are what these
// return, and a test compares.
#pragma once

#include <string>
#include <string_view>

namespace wp::control {

// Every reason with its kind, fault, status, whether another replica may be tried, and its meaning.
[[nodiscard]] std::string reasons_page();

// Every family of a scrape, with its kind, labels and help. `scrape` is a text that Exposition made.
[[nodiscard]] std::string metrics_page(std::string_view scrape);

}  // namespace wp::control
