#include "controlplane/feeds/scrape.h"

#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "controlplane/asio_endpoint.h"

namespace wp::feeds {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr unsigned kVersion11 = 11;
constexpr std::uint32_t kHeadLimit = 16 * 1024;
constexpr std::uint64_t kBodyLimit = 8 * 1024 * 1024;

class Scrape : public std::enable_shared_from_this<Scrape> {
 public:
  Scrape(asio::io_context& io, const ScrapeRequest& request, ScrapeDone done) : stream_(io), done_(std::move(done)) {
    for (const Endpoint& endpoint : request.endpoints) endpoints_.push_back(control::asio_endpoint(endpoint));
    request_.version(kVersion11);
    request_.method(http::verb::get);
    request_.target(request.path);
    request_.set(http::field::host, request.authority);
    request_.set(http::field::user_agent, "warmpath-feeds");
    request_.set(http::field::accept, "text/plain; version=0.0.4");
    request_.keep_alive(false);
    parser_.header_limit(kHeadLimit);
    parser_.body_limit(kBodyLimit);
    stream_.expires_after(std::chrono::nanoseconds(request.timeout.ns));
  }

  void connect() {
    stream_.async_connect(endpoints_, [self = shared_from_this()](beast::error_code error, const tcp::endpoint&) {
      if (error) return self->finish(std::unexpected("cannot connect: " + error.message()));
      self->ask();
    });
  }

 private:
  void ask() {
    http::async_write(stream_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->finish(std::unexpected(error.message()));
      http::async_read(self->stream_, self->buffer_, self->parser_,
                       [self](beast::error_code failed, std::size_t) { self->answered(failed); });
    });
  }

  void answered(beast::error_code error) {
    if (error) return finish(std::unexpected(error.message()));
    const unsigned status = parser_.get().result_int();
    if (status != 200) return finish(std::unexpected("it answers " + std::to_string(status)));
    finish(std::move(parser_.get().body()));
  }

  void finish(std::expected<std::string, std::string> page) { std::exchange(done_, nullptr)(std::move(page)); }

  beast::tcp_stream stream_;
  ScrapeDone done_;
  std::vector<tcp::endpoint> endpoints_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
};

}  // namespace

void start_scrape(asio::io_context& io, const ScrapeRequest& request, ScrapeDone done) {
  std::make_shared<Scrape>(io, request, std::move(done))->connect();
}

}  // namespace wp::feeds
