#include "tools/ctl/client.h"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "controlplane/duration_text.h"

namespace wp::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr unsigned kHttp11 = 11;
constexpr std::size_t kMaxReply = 64U << 20U;

enum class Stage { connecting, asking };

// Connects, writes, reads, each step as the one before it succeeds, all within one time.
template <class Protocol>
class Conversation {
 public:
  Conversation(asio::io_context& io, Duration timeout, const http::request<http::string_body>& request)
      : io_(io), stream_(io), request_(request) {
    stream_.expires_after(std::chrono::nanoseconds(timeout.ns));
    parser_.body_limit(kMaxReply);
  }

  template <class Endpoints>
  void run(const Endpoints& endpoints) {
    connect(endpoints);
    io_.run();
  }

  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] Answer answer() { return {parser_.get().result_int(), std::move(parser_.get().body())}; }

 private:
  void connect(const typename Protocol::endpoint& endpoint) {
    stream_.async_connect(endpoint, [this](const Error& error) { connected(error); });
  }
  void connect(const tcp::resolver::results_type& endpoints) {
    stream_.async_connect(endpoints, [this](const Error& error, const tcp::endpoint&) { connected(error); });
  }

  void connected(const Error& error) {
    error_ = error;
    if (error) return;
    stage_ = Stage::asking;
    http::async_write(stream_, request_, [this](const Error& failed, std::size_t) {
      // A daemon that refuses early may close before it has read everything: its answer counts.
      if (failed && failed != asio::error::broken_pipe && failed != asio::error::connection_reset) {
        error_ = failed;
        return;
      }
      http::async_read(stream_, buffer_, parser_, [this](const Error& last, std::size_t) { error_ = last; });
    });
  }

  asio::io_context& io_;
  beast::basic_stream<Protocol> stream_;
  const http::request<http::string_body>& request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  Error error_;
  Stage stage_ = Stage::connecting;
};

std::string where(const Target& target) {
  return target.address.empty() ? target.socket : target.address;
}

std::unexpected<Trouble> not_connected(const Target& target, const Error& error) {
  if (error == beast::error::timeout) {
    return trouble(ExitCode::unreachable, "nothing took a connection on " + where(target) + " within " +
                                              control::to_string(target.timeout) + "; is the address right?");
  }
  if (!target.address.empty()) {
    return trouble(ExitCode::unreachable, "no warmpathd listens on " + target.address + " (" + error.message() +
                                              "); start it with --control-listen " + target.address +
                                              ", or name another with --address");
  }
  if (error == asio::error::access_denied) {
    return trouble(ExitCode::unreachable, "not allowed to open " + target.socket +
                                              ": run this as its owner or as a member of its group (see: ls -l " +
                                              target.socket + ")");
  }
  if (error == boost::system::errc::no_such_file_or_directory || error == asio::error::connection_refused) {
    return trouble(ExitCode::unreachable, "no warmpathd listens on " + target.socket +
                                              "; start it with --control-socket " + target.socket +
                                              ", or name another with --socket");
  }
  return trouble(ExitCode::unreachable, "cannot connect to " + target.socket + ": " + error.message());
}

std::unexpected<Trouble> not_answered(const Target& target, const Error& error) {
  if (error == beast::error::timeout) {
    return trouble(ExitCode::unreachable, "warmpathd on " + where(target) + " did not answer within " +
                                              control::to_string(target.timeout) +
                                              "; give it longer with --timeout, or look whether it is stopped");
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::connection_reset) {
    return trouble(ExitCode::unreachable, "what listens on " + where(target) +
                                              " closed the connection without an answer; it may be stopping, or have "
                                              "too many connections");
  }
  return trouble(ExitCode::garbled, "what listens on " + where(target) + " does not speak HTTP: " + error.message());
}

template <class Protocol, class Endpoints>
Outcome<Answer> converse(const Target& target, const Endpoints& endpoints,
                         const http::request<http::string_body>& request) {
  asio::io_context io;
  Conversation<Protocol> conversation(io, target.timeout, request);
  conversation.run(endpoints);
  if (!conversation.error()) return conversation.answer();
  if (conversation.stage() == Stage::connecting) return not_connected(target, conversation.error());
  return not_answered(target, conversation.error());
}

Outcome<Answer> over_tcp(const Target& target, const http::request<http::string_body>& request) {
  const std::size_t colon = target.address.rfind(':');
  std::string host = target.address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  asio::io_context io;
  tcp::resolver resolver(io);
  Error error;
  const auto endpoints = resolver.resolve(host, target.address.substr(colon + 1), error);
  if (error) return trouble(ExitCode::unreachable, "cannot look up '" + host + "': " + error.message());
  return converse<tcp>(target, endpoints, request);
}

}  // namespace

std::unexpected<Trouble> trouble(ExitCode code, std::string line) {
  return std::unexpected(Trouble{code, std::move(line)});
}

Outcome<Answer> ask(const Target& target, const Ask& asked) {
  http::request<http::string_body> request;
  request.version(kHttp11);
  request.method_string(asked.method);
  request.target(asked.path);
  request.set(http::field::host, target.address.empty() ? "warmpathd" : target.address);
  request.set(http::field::user_agent, "warmpathctl");
  request.set(http::field::connection, "close");
  if (!target.address.empty() && !target.token.empty()) {
    request.set(http::field::authorization, "Bearer " + target.token);
  }
  request.body() = asked.body;
  request.prepare_payload();
  if (target.address.empty()) return converse<Local>(target, Local::endpoint(target.socket), request);
  return over_tcp(target, request);
}

}  // namespace wp::ctl
