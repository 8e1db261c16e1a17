#include "controlplane/health/check.h"

#include <utility>

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

#include "controlplane/page_fetch.h"

namespace wp::control {
namespace {

namespace beast = boost::beast;

// Errors that are about this machine and not about the replica.
bool is_ours(const beast::error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::no_buffer_space || error == errc::not_enough_memory || error == errc::address_not_available;
}

CheckResult judge(const Page& page) {
  if (!page.error || page.error == beast::http::error::body_limit) return judge_status(page.status);
  if (page.error == beast::error::timeout) return CheckResult::timed_out;
  if (page.connected) return CheckResult::bad_reply;
  return is_ours(page.error) ? CheckResult::not_made : CheckResult::refused;
}

}  // namespace

CancelCheck start_check(boost::asio::io_context& io, const CheckRequest& request, CheckDone done) {
  return start_page(io, {.place = request, .user_agent = "warmpathd health check", .accept = {}},
                    [done = std::move(done)](const Page& page) { done(judge(page), page.status); });
}

}  // namespace wp::control
