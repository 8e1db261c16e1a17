#include "controlplane/page_fetch.h"

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

class PageFetch : public std::enable_shared_from_this<PageFetch> {
 public:
  PageFetch(asio::io_context& io, const PageRequest& request, PageDone done)
      : stream_(io), done_(std::move(done)), buffer_(request.head_limit + request.body_limit) {
    for (const Endpoint& endpoint : request.place.endpoints) endpoints_.push_back(asio_endpoint(endpoint));
    request_.version(kVersion11);
    request_.method(http::verb::get);
    request_.target(request.place.path);
    request_.set(http::field::host, request.place.authority);
    request_.set(http::field::user_agent, request.user_agent);
    if (!request.accept.empty()) request_.set(http::field::accept, request.accept);
    request_.keep_alive(false);
    parser_.header_limit(request.head_limit);
    parser_.body_limit(request.body_limit);
    deadline_ = Clock::now() + std::chrono::nanoseconds(request.place.timeout.ns);
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
      self->finish(error);
    });
  }

  void cancel() {
    done_ = nullptr;
    stream_.close();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void ask() {
    page_.connected = true;
    stream_.expires_at(deadline_);
    http::async_write(stream_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->finish(error);
      http::async_read(self->stream_, self->buffer_, self->parser_,
                       [self](beast::error_code failed, std::size_t) { self->answered(failed); });
    });
  }

  void answered(beast::error_code error) {
    if (!error || error == http::error::body_limit) {
      page_.status = parser_.get().result_int();
      page_.body = std::move(parser_.get().body());
    }
    finish(error);
  }

  void finish(beast::error_code error) {
    page_.error = error;
    if (const PageDone done = std::exchange(done_, nullptr)) done(std::move(page_));
  }

  beast::tcp_stream stream_;
  PageDone done_;
  Page page_;
  std::vector<tcp::endpoint> endpoints_;
  std::size_t tried_ = 0;  // of the endpoints, in vain
  Clock::time_point deadline_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
};

}  // namespace

CancelPage start_page(asio::io_context& io, const PageRequest& request, PageDone done) {
  const auto fetch = std::make_shared<PageFetch>(io, request, std::move(done));
  fetch->connect();
  return [weak = std::weak_ptr<PageFetch>(fetch)] {
    if (const auto self = weak.lock()) self->cancel();
  };
}

}  // namespace wp::control
