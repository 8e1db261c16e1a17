#include "tools/load/trace_workload.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tools/lab/block_text.h"

namespace wp::load {
namespace {

using Trouble = std::unexpected<std::string>;

constexpr std::string_view kCompletionPath = "/v1/completions";

// What the trace says of a request besides its body.
struct Said {
  std::string_view path;
  std::string body;
  std::string session;
};

// A body that the simulated replica refuses gets its refusal, and is counted so.
Request to_request(const WorkloadConfig& config, Said said) {
  Request request;
  request.path = said.path;
  request.session = std::move(said.session);
  request.stream = config.style.stream;
  if (config.exact) request.expected = expect_reply(said.path, said.body, config.rules).value_or(nullptr);
  request.body = std::make_shared<const std::string>(std::move(said.body));
  return request;
}

bool fits_a_field(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

std::expected<std::unique_ptr<TraceWorkload>, std::string> TraceWorkload::open(const std::string& path,
                                                                               const WorkloadConfig& config) {
  auto source = lab::LineSource::open(path);
  if (!source) return Trouble(source.error());
  return std::unique_ptr<TraceWorkload>(new TraceWorkload(std::move(*source), config));
}

std::optional<Request> TraceWorkload::next() {
  std::string_view line;
  const auto more = read_line(line);
  if (!more) failure_ = more.error();
  if (!more || !*more) return std::nullopt;
  auto request = make(line);
  if (request) return std::move(*request);
  failure_ = source_.complaint(request.error());
  return std::nullopt;
}

std::expected<bool, std::string> TraceWorkload::read_line(std::string_view& line) {
  do {
    const auto more = source_.next(line);
    if (!more || !*more) return more;
  } while (line.find_first_not_of(" \t") == std::string_view::npos);
  return true;
}

std::expected<Request, std::string> TraceWorkload::make(std::string_view line) {
  if (format_ == lab::TraceFormat::automatic) {
    const auto format = lab::format_of(line);
    if (!format) return Trouble(format.error());
    format_ = *format;
  }
  Duration at;
  std::expected<Request, std::string> request;
  if (format_ == lab::TraceFormat::mooncake) {
    const auto read = lab::read_mooncake(line);
    if (!read) return Trouble(read.error());
    at = read->at;
    request = from_mooncake(*read);
  } else {
    const auto read = lab::read_chat(line);
    if (!read) return Trouble(read.error());
    at = read->at;
    request = from_chat(*read);
  }
  if (!request) return request;
  if (!first_) first_ = at;
  request->at = last_ = std::max(last_, at - *first_);
  return request;
}

Request TraceWorkload::from_mooncake(const lab::MooncakeLine& line) const {
  std::string text;
  lab::append_block_text(line.ids, line.prompt_tokens, lab::kMooncakeBlock, text);
  ChatStyle style = config_.style;
  style.reply_tokens = std::max(1U, line.output_tokens);
  return to_request(config_, {kChatPath, chat_body(style, message_json({"user", text})), {}});
}

std::expected<Request, std::string> TraceWorkload::from_chat(const lab::ChatLine& line) const {
  const bool chat = line.api == prompt::Api::chat_completions;
  if (!chat && line.api != prompt::Api::completions) return Trouble("only chats and completions are replayed");
  if (!fits_a_field(line.session)) return Trouble("\"session\" does not fit into a header field");
  auto body = nlohmann::ordered_json::parse(line.body);
  body["model"] = config_.style.model;
  body["stream"] = config_.style.stream;
  if (config_.style.stream && config_.style.usage) body["stream_options"] = {{"include_usage", true}};
  if (!config_.style.stream || !config_.style.usage) body.erase("stream_options");
  if (line.output_tokens > 0) {
    body.erase("max_completion_tokens");
    body["max_tokens"] = line.output_tokens;
  } else if (!body.contains("max_tokens") && !body.contains("max_completion_tokens")) {
    body["max_tokens"] = config_.style.reply_tokens;
  }
  return to_request(config_, {chat ? kChatPath : kCompletionPath, body.dump(), line.session});
}

}  // namespace wp::load
