// One look at an engine's metrics page. Time and bytes are bounded.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "controlplane/page_fetch.h"

namespace boost::asio {
class io_context;
}

namespace wp::feeds {

using ScrapeRequest = control::PagePlace;

// The page, or in a few words why there is none.
using ScrapeDone = std::function<void(std::expected<std::string, std::string> page)>;

// Calls `done` once, later, from the io_context. A page above 8 MiB is none.
void start_scrape(boost::asio::io_context& io, const ScrapeRequest& request, ScrapeDone done);

}  // namespace wp::feeds
