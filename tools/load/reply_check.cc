#include "tools/load/reply_check.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace wp::load {
namespace {

constexpr std::size_t kIdentifiedBy = 1024;  // bytes within which every reply has named its id and time

}  // namespace

ExactCheck::ExactCheck(const Expectation& expected, std::uint32_t cached_tokens)
    : api_(expected.api), answer_(expected.answer) {
  answer_.cached_tokens = cached_tokens;
  told_ = {true, answer_.prompt_tokens, cached_tokens};
}

bool ExactCheck::feed(std::string_view bytes) {
  if (identified_) return match(bytes);
  seen_ += bytes;
  if (!identify()) return seen_.size() < kIdentifiedBy || differs(seen_);
  identified_ = true;
  const std::string seen = std::move(seen_);
  if (!answer_.ask.stream) {
    wanted_ = api_->whole(answer_);
    unit_ = Unit::last;
  } else {
    api_->stream_begin(answer_, wanted_);
  }
  return match(seen);
}

// The id and the time of creation are the reply's own; everything else follows from the request.
bool ExactCheck::identify() {
  constexpr std::string_view kId = "\"id\":\"";
  constexpr std::string_view kCreated = "\"created\":";
  const std::size_t id = seen_.find(kId);
  const std::size_t created = seen_.find(kCreated);
  if (id == std::string::npos || created == std::string::npos) return false;
  const std::size_t id_end = seen_.find('"', id + kId.size());
  const std::size_t digits = created + kCreated.size();
  const std::size_t digits_end = seen_.find_first_not_of("0123456789", digits);
  if (id_end == std::string::npos || digits_end == std::string::npos) return false;
  const std::string_view full = std::string_view(seen_).substr(id + kId.size(), id_end - id - kId.size());
  answer_.id = full.substr(full.rfind('-') + 1);
  return std::from_chars(seen_.data() + digits, seen_.data() + digits_end, answer_.created).ec == std::errc{};
}

void ExactCheck::next_unit() {
  wanted_.clear();
  at_ = 0;
  if (unit_ == Unit::token) ++tokens_;
  if (unit_ == Unit::last || unit_ == Unit::over) {
    unit_ = Unit::over;
  } else if (next_token_ < answer_.reply_tokens) {
    api_->stream_token(answer_, next_token_++, wanted_);
    unit_ = Unit::token;
  } else {
    api_->stream_end(answer_, wanted_);
    unit_ = Unit::last;
  }
}

bool ExactCheck::match(std::string_view bytes) {
  while (true) {
    while (at_ == wanted_.size() && unit_ != Unit::over) next_unit();
    if (bytes.empty()) return true;
    const std::size_t part = std::min(bytes.size(), wanted_.size() - at_);
    if (part == 0 || bytes.substr(0, part) != std::string_view(wanted_).substr(at_, part)) return differs(bytes);
    at_ += part;
    bytes.remove_prefix(part);
  }
}

bool ExactCheck::differs(std::string_view bytes) {
  constexpr std::size_t kShown = 160;
  flaw_ =
      "got \"" + std::string(bytes.substr(0, kShown)) + "\" where \"" + wanted_.substr(at_, kShown) + "\" was expected";
  return false;
}

bool ExactCheck::finish() {
  if (identified_ && unit_ == Unit::over) return true;
  flaw_ = "the body ended early";
  return false;
}

bool ShapeCheck::wrong(std::string flaw) {
  flaw_ = std::move(flaw);
  return false;
}

bool ShapeCheck::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = stream_ ? bytes.find('\n') : std::string_view::npos;
    text_ += bytes.substr(0, end);
    if (text_.size() > kMaxText) return wrong("longer than anything that is read");
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    if (text_.ends_with('\r')) text_.pop_back();
    if (!take_line(text_)) return false;
    text_.clear();
  }
  return true;
}

bool ShapeCheck::take_line(std::string_view line) {
  constexpr std::string_view kData = "data: ";
  if (!line.starts_with(kData)) return true;
  if (done_) return wrong("an event behind [DONE]");
  line.remove_prefix(kData.size());
  done_ = line == "[DONE]";
  return done_ || take_json(line);
}

bool ShapeCheck::take_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return wrong("no JSON object: " + std::string(text.substr(0, 160)));
  const auto at = [&json](const char* pointer) {
    const nlohmann::json::json_pointer where(pointer);
    return json.contains(where) ? json.at(where) : nlohmann::json();
  };
  for (const char* place : {"/choices/0/delta/content", "/choices/0/delta/reasoning_content", "/choices/0/text"}) {
    const nlohmann::json said = at(place);
    if (stream_ && said.is_string() && !said.get_ref<const std::string&>().empty()) {
      ++tokens_;
      break;
    }
  }
  const nlohmann::json prompt = at("/usage/prompt_tokens");
  if (!prompt.is_number_unsigned()) return true;
  nlohmann::json cached = at("/usage/prompt_tokens_details/cached_tokens");
  if (!cached.is_number_unsigned()) cached = at("/timings/cache_n");  // llama.cpp's own
  told_ = {true, prompt.get<std::uint32_t>(), cached.is_number_unsigned() ? cached.get<std::uint32_t>() : 0};
  return true;
}

bool ShapeCheck::finish() {
  if (stream_) return done_ || wrong("the events ended without [DONE]");
  return take_json(text_);
}

std::unique_ptr<ReplyCheck> make_check(const std::shared_ptr<const Expectation>& expected, bool stream,
                                       std::uint32_t cached_tokens) {
  if (expected == nullptr) return std::make_unique<ShapeCheck>(stream);
  return std::make_unique<ExactCheck>(*expected, cached_tokens);
}

}  // namespace wp::load
