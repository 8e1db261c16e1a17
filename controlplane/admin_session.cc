#include "controlplane/admin_session.h"

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/error.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace wp::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr unsigned kHttp11 = 11;
// What a peer may still send once it was refused is read and dropped, so that the answer reaches it: closing with
// unread bytes sends a reset, which overtakes it (RFC 9112 section 9.6).
constexpr auto kLinger = std::chrono::seconds(1);
constexpr std::size_t kLingerPiece = 4096;

template <class Protocol>
class Session : public std::enable_shared_from_this<Session<Protocol>> {
 public:
  using Socket = typename Protocol::socket;

  Session(Socket socket, std::shared_ptr<AdminService> service, AdminAccess access)
      : stream_(std::move(socket)), service_(std::move(service)), access_(access), id_(service_->next_session++) {
    ++service_->count(access_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    --service_->count(access_);
    service_->close_session.erase(id_);
  }

  void start() {
    service_->close_session[id_] = [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->stream_.close();
    };
    read();
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(service_->limits.head_bytes));
    parser_->body_limit(access_ == AdminAccess::read_only ? service_->limits.body_bytes
                                                          : service_->limits.control_body_bytes);
    if (access_ == AdminAccess::reporter) {
      stream_.expires_never();  // it is ours, and its next round may be far away
    } else {
      stream_.expires_after(std::chrono::nanoseconds(service_->limits.timeout.ns));
    }
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
  }

  // Nothing of a body is kept for who has no token.
  void on_head(beast::error_code error) {
    const bool whole = !error || error == http::error::body_limit;
    if (whole && !service_->stopped && !may_ask()) {
      return reply(admin_error(401, "a token is wanted: Authorization: Bearer TOKEN"), false, asks_head());
    }
    if (error || service_->stopped) return refuse(error);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(beast::error_code error) {
    if (error || service_->stopped) return refuse(error);
    const auto& request = parser_->get();
    const std::string method(request.method_string());
    const std::string target(request.target());
    const bool changes = access_ == AdminAccess::control || access_ == AdminAccess::token;
    const AdminRequest asked{method, target, request.body(), changes, changes || access_ == AdminAccess::reporter};
    AdminReply answer = service_->handler(asked);
    if (!answer.later) return reply(std::move(answer), request.keep_alive(), asks_head());
    answer.later([self = this->shared_from_this(), keep_alive = request.keep_alive()](AdminReply kept) {
      if (!self->service_->stopped) self->reply(std::move(kept), keep_alive, self->asks_head());
    });
  }

  [[nodiscard]] bool may_ask() const {
    if (access_ != AdminAccess::token) return true;
    const std::string authorization(parser_->get()[http::field::authorization]);
    return service_->token->accepts(authorization);
  }

  void refuse(beast::error_code error) {
    if (service_->stopped || error == http::error::end_of_stream) return finish();
    if (error == http::error::body_limit) return reply(admin_error(413, "the body is too large"), false, false);
    if (error == http::error::header_limit) return reply(admin_error(431, "the head is too large"), false, false);
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::partial_message) {
      return reply(admin_error(400, "not an HTTP/1.1 request: " + error.message()), false, false);
    }
    // Timed out, reset or closed in mid-request: nobody reads an answer.
  }

  [[nodiscard]] bool asks_head() const { return parser_->get().method() == http::verb::head; }

  void reply(AdminReply answer, bool keep_alive, bool head_only) {
    response_ = {};
    response_.version(kHttp11);
    response_.result(answer.status);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (answer.status == 401) response_.set(http::field::www_authenticate, "Bearer realm=\"warmpathd\"");
    if (!answer.allow.empty()) response_.set(http::field::allow, answer.allow);
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    if (!head_only) response_.body() = std::move(answer.body);
    stream_.expires_after(std::chrono::nanoseconds(service_->limits.timeout.ns));
    http::async_write(stream_, response_,
                      [self = this->shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
                        if (error || self->service_->stopped) return;
                        if (keep_alive) {
                          self->read();
                        } else {
                          self->finish();
                        }
                      });
  }

  void finish() {
    beast::error_code ignored;  // the peer may have closed first
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    if (service_->stopped) return;
    stream_.expires_after(kLinger);
    drop_rest();
  }

  void drop_rest() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kLingerPiece),
                            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error && !self->service_->stopped) self->drop_rest();
                            });
  }

  beast::basic_stream<Protocol> stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::shared_ptr<AdminService> service_;
  AdminAccess access_;
  std::uint64_t id_;
};

}  // namespace

void start_admin_session(asio::ip::tcp::socket socket, std::shared_ptr<AdminService> service, AdminAccess access) {
  std::make_shared<Session<asio::ip::tcp>>(std::move(socket), std::move(service), access)->start();
}

void start_admin_session(asio::local::stream_protocol::socket socket, std::shared_ptr<AdminService> service,
                         AdminAccess access) {
  std::make_shared<Session<asio::local::stream_protocol>>(std::move(socket), std::move(service), access)->start();
}

}  // namespace wp::control
