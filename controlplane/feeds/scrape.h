// One look at an engine's metrics page. Time and bytes are bounded.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace boost::asio {
class io_context;
}

namespace wp::feeds {

struct ScrapeRequest {
  std::vector<Endpoint> endpoints;  // tried in order until one connects; not empty
  std::string authority;            // the Host field
  std::string path;
  Duration timeout;  // of all of it
};

// The page, or in a few words why there is none.
using ScrapeDone = std::function<void(std::expected<std::string, std::string> page)>;

// Calls `done` once, later, from the io_context. A page above 8 MiB is none.
void start_scrape(boost::asio::io_context& io, const ScrapeRequest& request, ScrapeDone done);

}  // namespace wp::feeds
