#include "controlplane/feeds/scrape.h"

#include <utility>

#include "controlplane/page_fetch.h"

namespace wp::feeds {
namespace {

constexpr std::uint32_t kHeadLimit = 16 * 1024;
constexpr std::uint64_t kBodyLimit = 8 * 1024 * 1024;

std::expected<std::string, std::string> read(control::Page page) {
  if (page.error) {
    const std::string what = page.error.message();
    return std::unexpected(page.connected ? what : "cannot connect: " + what);
  }
  if (page.status != 200) return std::unexpected("it answers " + std::to_string(page.status));
  return std::move(page.body);
}

}  // namespace

void start_scrape(boost::asio::io_context& io, const ScrapeRequest& request, ScrapeDone done) {
  control::start_page(io,
                      {.place = request,
                       .user_agent = "warmpath-feeds",
                       .accept = "text/plain; version=0.0.4",
                       .head_limit = kHeadLimit,
                       .body_limit = kBodyLimit},
                      [done = std::move(done)](control::Page page) { done(read(std::move(page))); });
}

}  // namespace wp::feeds
