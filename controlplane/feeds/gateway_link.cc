#include "controlplane/feeds/gateway_link.h"

#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace wp::feeds {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;

constexpr unsigned kHttp11 = 11;
// A list of the largest fleet, with room.
constexpr std::uint64_t kReplyLimit = 64 * 1024 * 1024;
// A gateway that hangs is restarted by its own watch, and this process with it.
constexpr auto kPatience = std::chrono::seconds(30);

}  // namespace

struct GatewayLink::State : std::enable_shared_from_this<State> {
  explicit State(Local::socket socket) : stream(std::move(socket)) {}

  struct Asked {
    http::request<http::string_body> request;
    Answered answered;
  };

  void next() {
    if (waiting.empty()) return;
    request = std::move(waiting.front().request);
    answered = std::move(waiting.front().answered);
    waiting.pop_front();
    stream.expires_after(kPatience);
    http::async_write(stream, request, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->fail(error);
      self->read();
    });
  }

  void read() {
    parser.emplace();
    parser->body_limit(kReplyLimit);
    http::async_read(stream, buffer, *parser, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->fail(error);
      auto& reply = self->parser->get();
      self->answer(Answer{reply.result_int(), std::move(reply.body())});
    });
  }

  void fail(const beast::error_code& error) { answer(std::unexpected(error.message())); }

  void answer(std::expected<Answer, std::string> with) {
    if (const Answered done = std::exchange(answered, nullptr)) done(std::move(with));
    if (!answered) next();
  }

  beast::basic_stream<Local> stream;
  beast::flat_buffer buffer;
  http::request<http::string_body> request;
  std::optional<http::response_parser<http::string_body>> parser;
  Answered answered;  // to what is under way
  std::deque<Asked> waiting;
};

std::expected<std::unique_ptr<GatewayLink>, std::string> GatewayLink::adopt(asio::io_context& io, int descriptor) {
  Local::socket socket(io);
  beast::error_code error;
  socket.assign(Local(), descriptor, error);
  if (error) return std::unexpected("descriptor " + std::to_string(descriptor) + ": " + error.message());
  return std::unique_ptr<GatewayLink>(new GatewayLink(std::make_shared<State>(std::move(socket))));
}

std::expected<std::unique_ptr<GatewayLink>, std::string> GatewayLink::connect(asio::io_context& io,
                                                                              const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return std::unexpected(path + ": too long for a socket's path");
  Local::socket socket(io);
  beast::error_code error;
  socket.connect(Local::endpoint(path), error);
  if (error) return std::unexpected(path + ": " + error.message());
  return std::unique_ptr<GatewayLink>(new GatewayLink(std::make_shared<State>(std::move(socket))));
}

GatewayLink::~GatewayLink() {
  state_->waiting.clear();
  state_->answered = nullptr;
  state_->stream.close();
}

void GatewayLink::ask(const std::string& method, const std::string& path, std::string body, Answered answered) {
  http::request<http::string_body> request;
  request.version(kHttp11);
  request.method_string(method);
  request.target(path);
  request.set(http::field::host, "warmpathd");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = std::move(body);
  request.prepare_payload();
  state_->waiting.push_back({std::move(request), std::move(answered)});
  if (!state_->answered) state_->next();
}

}  // namespace wp::feeds
