// Short words for tests: a whole head in one call, and the framing of a body out of one string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"

namespace wp::http::test {

// Reads one head and keeps what it points into.
template <class Reader>
class Parsed {
 public:
  template <class... Args>
  explicit Parsed(std::string_view bytes, const HeadLimits& limits, Args... begin_args)
      : buffer_(limits.head_bytes), reader_(limits) {
    reader_.begin(buffer_, begin_args...);
    result_ = reader_.feed(std::as_bytes(std::span(bytes)), taken_);
  }

  [[nodiscard]] bool complete() const { return result_ && *result_ == Progress::complete; }
  [[nodiscard]] bool needs_more() const { return result_ && *result_ == Progress::need_more; }
  [[nodiscard]] Reason reason() const { return result_ ? Reason::none : result_.error().reason; }
  [[nodiscard]] std::uint32_t position() const { return result_ ? 0 : result_.error().position; }
  [[nodiscard]] std::uint32_t taken() const { return taken_; }
  [[nodiscard]] const Reader& reader() const { return reader_; }
  [[nodiscard]] const auto& head() const { return reader_.head(); }
  [[nodiscard]] const auto* operator->() const { return &reader_.head(); }

 private:
  std::vector<char> buffer_;
  Reader reader_;
  Result<Progress> result_;
  std::uint32_t taken_ = 0;
};

using ParsedRequest = Parsed<RequestHeadReader>;
using ParsedReply = Parsed<ReplyHeadReader>;

[[nodiscard]] inline ParsedRequest request(std::string_view bytes, const HeadLimits& limits = {}) {
  return ParsedRequest(bytes, limits);
}
[[nodiscard]] inline ParsedReply reply(std::string_view bytes, Method answered = Method::get,
                                       const HeadLimits& limits = {}) {
  return ParsedReply(bytes, limits, answered);
}

// "GET / HTTP/1.1" with Host and these field lines, each with its own line end.
[[nodiscard]] inline std::string with_fields(std::string_view lines) {
  return std::string("GET / HTTP/1.1\r\nHost: a\r\n").append(lines).append("\r\n");
}
[[nodiscard]] inline Reason reason_of_fields(std::string_view lines) {
  return request(with_fields(lines)).reason();
}
[[nodiscard]] inline Reason reason_of_request(std::string_view bytes) {
  return request(bytes).reason();
}
// "GET target HTTP/1.1" with "Host: a".
[[nodiscard]] inline Reason reason_of_target(std::string_view target) {
  return request(std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: a\r\n\r\n")).reason();
}

struct ReadBody {
  std::string payload;
  std::optional<Error> error;
  bool done = false;
  std::size_t taken = 0;
};

[[nodiscard]] inline ReadBody read_body(BodyReader& reader, std::string_view bytes) {
  ReadBody out;
  while (out.taken < bytes.size() && !out.done) {
    const Result<BodyReader::Step> step = reader.feed(std::as_bytes(std::span(bytes.substr(out.taken))));
    if (!step) {
      out.error = step.error();
      return out;
    }
    out.payload.append(reinterpret_cast<const char*>(step->payload.data()), step->payload.size());
    out.taken += step->taken;
    out.done = step->done;
  }
  return out;
}

[[nodiscard]] inline ReadBody read_chunked(std::string_view bytes, Fault whose = Fault::client) {
  BodyReader reader;
  reader.begin(Framing::chunked, 0, whose);
  return read_body(reader, bytes);
}
[[nodiscard]] inline bool chunked_is_refused(std::string_view bytes) {
  const ReadBody body = read_chunked(bytes);
  return body.error && body.error->reason == Reason::bad_chunk;
}

}  // namespace wp::http::test
