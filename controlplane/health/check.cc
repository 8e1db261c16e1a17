#include "controlplane/health/check.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "controlplane/asio_endpoint.h"

namespace wp::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr unsigned kVersion11 = 11;
constexpr std::uint32_t kHeadLimit = 8 * 1024;
constexpr std::uint64_t kBodyLimit = 64 * 1024;

// Errors that are about this machine and not about the replica.
bool is_ours(const beast::error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::no_buffer_space || error == errc::not_enough_memory || error == errc::address_not_available;
}

class Check : public std::enable_shared_from_this<Check> {
 public:
  Check(asio::io_context& io, const CheckRequest& request, CheckDone done) : stream_(io), done_(std::move(done)) {
    for (const Endpoint& endpoint : request.endpoints) endpoints_.push_back(asio_endpoint(endpoint));
    request_.version(kVersion11);
    request_.method(http::verb::get);
    request_.target(request.path);
    request_.set(http::field::host, request.authority);
    request_.set(http::field::user_agent, "warmpathd health check");
    request_.keep_alive(false);
    parser_.header_limit(kHeadLimit);
    parser_.body_limit(kBodyLimit);
    deadline_ = Clock::now() + std::chrono::nanoseconds(request.timeout.ns);
  }

  // Each address has an equal part of the time that is left, so that a silent one does not use up the others'.
  void connect() {
    const auto left = std::max(deadline_ - Clock::now(), Clock::duration(1));
    stream_.expires_after(left / (endpoints_.size() - tried_));
    stream_.async_connect(endpoints_[tried_], [self = shared_from_this()](beast::error_code error) {
      if (!error) return self->ask();
      if (!self->done_) return;
      if (++self->tried_ < self->endpoints_.size()) {
        self->stream_.close();  // the next address may be of another family
        return self->connect();
      }
      if (error == beast::error::timeout) return self->finish(CheckResult::timed_out);
      self->finish(is_ours(error) ? CheckResult::not_made : CheckResult::refused);
    });
  }

  void cancel() {
    done_ = nullptr;
    stream_.close();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void ask() {
    stream_.expires_at(deadline_);
    http::async_write(stream_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->finish(broken(error));
      http::async_read(self->stream_, self->buffer_, self->parser_,
                       [self](beast::error_code failed, std::size_t) { self->answered(failed); });
    });
  }

  void answered(beast::error_code error) {
    if (error && error != http::error::body_limit) return finish(broken(error));
    const unsigned status = parser_.get().result_int();
    finish(judge_status(status), status);
  }

  static CheckResult broken(const beast::error_code& error) {
    return error == beast::error::timeout ? CheckResult::timed_out : CheckResult::bad_reply;
  }

  void finish(CheckResult result, unsigned status = 0) {
    if (const CheckDone done = std::exchange(done_, nullptr)) done(result, status);
  }

  beast::tcp_stream stream_;
  CheckDone done_;
  std::vector<tcp::endpoint> endpoints_;
  std::size_t tried_ = 0;  // of the endpoints, in vain
  Clock::time_point deadline_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_{kHeadLimit + kBodyLimit};
};

}  // namespace

CancelCheck start_check(asio::io_context& io, const CheckRequest& request, CheckDone done) {
  const auto check = std::make_shared<Check>(io, request, std::move(done));
  check->connect();
  return [weak = std::weak_ptr<Check>(check)] {
    if (const auto self = weak.lock()) self->cancel();
  };
}

}  // namespace wp::control
