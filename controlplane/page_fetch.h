// One GET of one page, over a connection of its own: a health check, a look at an engine's metrics. Time and bytes are
// bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/system/error_code.hpp>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

// Where it is.
struct PagePlace {
  std::vector<Endpoint> endpoints;  // tried in order until one connects; not empty
  std::string authority;            // the Host field
  std::string path;
  Duration timeout;  // of all of it
};

struct PageRequest {
  PagePlace place;
  std::string user_agent;
  std::string accept;  // the Accept field; empty for none
  std::uint32_t head_limit = 8 * 1024;
  std::uint64_t body_limit = 64 * 1024;
};

struct Page {
  bool connected = false;
  // What went wrong: beast::error::timeout, http::error::body_limit (the status is known then), or the system's.
  boost::system::error_code error;
  unsigned status = 0;  // 0: there was no reply
  std::string body;
};

using PageDone = std::function<void(Page page)>;
using CancelPage = std::function<void()>;

// Calls `done` once, later, from the io_context. What is returned ends the fetch before its time; `done` is then never
// called.
CancelPage start_page(boost::asio::io_context& io, const PageRequest& request, PageDone done);

}  // namespace wp::control
