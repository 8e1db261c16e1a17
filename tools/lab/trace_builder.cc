#include "tools/lab/trace_builder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>

#include <xxhash.h>

#include "dataplane/base/rng.h"
#include "dataplane/prompt/session.h"
#include "tools/lab/block_text.h"
#include "tools/lab/script_text.h"
#include "tools/replica/api.h"

namespace wp::lab {
namespace {

using Trouble = std::unexpected<std::string>;

// No trace of real requests comes near; the daemon's own limit is a setting, the lab's only keeps memory in bounds.
constexpr std::uint32_t kMaxBody = 256 * 1024 * 1024;

std::string_view path_of(prompt::Api api) {
  switch (api) {
    case prompt::Api::chat_completions: return "/v1/chat/completions";
    case prompt::Api::completions: return "/v1/completions";
    case prompt::Api::responses: return "/v1/responses";
    default: return {};
  }
}

// XXH64 of the first 100 characters.
std::uint64_t hash_opening(std::string_view text) {
  constexpr std::size_t kCharacters = 100;
  std::size_t bytes = 0;
  std::size_t characters = 0;
  while (bytes < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[bytes]) & 0xC0U) != 0x80U;
    if (begins && ++characters > kCharacters) break;
    ++bytes;
  }
  return XXH64(text.data(), bytes, 0);
}

}  // namespace

TraceBuilder::TraceBuilder(const TraceConfig& config, std::string name)
    : config_(config), extractor_({.max_body = kMaxBody}) {
  trace_.name = std::move(name);
}

std::expected<void, std::string> TraceBuilder::add(const MooncakeLine& line) {
  trace_.block_tokens = kMooncakeBlock;
  body_ = R"({"prompt":")";
  const std::size_t text_at = body_.size();
  append_block_text(line.ids, line.prompt_tokens, kMooncakeBlock, body_);
  TraceRequest request;
  request.opening = hash_opening(std::string_view(body_).substr(text_at));
  body_ += "\"}";
  request.at = line.at;
  request.prompt_tokens = line.prompt_tokens;
  request.output_tokens = line.output_tokens;
  return finish(request, prompt::Api::completions, line.ids, {});
}

std::expected<void, std::string> TraceBuilder::add(const ChatLine& line) {
  trace_.block_tokens = config_.block_tokens;
  const auto ask = replica::find_api(path_of(line.api))->read(line.body);
  if (!ask) {
    const std::string where =
        ask.error().param.empty() ? "the request: " : "the request's \"" + ask.error().param + "\": ";
    return Trouble(where + ask.error().message);
  }
  TraceRequest request;
  request.at = line.at;
  request.prompt_tokens = static_cast<std::uint32_t>(std::max<std::size_t>(1, ask->prompt.size()));
  request.output_tokens = line.output_tokens;
  if (request.output_tokens == 0) request.output_tokens = ask->max_tokens.value_or(config_.default_output_tokens);
  request.opening = hash_opening(line.opening);
  body_ = line.body;
  const auto blocks = replica::chain_hashes(ask->prompt, config_.block_tokens, 0);
  return finish(request, line.api, blocks, line.session);
}

std::expected<void, std::string> TraceBuilder::add(const ScriptLine& line) {
  trace_.block_tokens = config_.block_tokens;
  const ScriptText text = write_script_text(line, config_.block_tokens, body_);
  TraceRequest request;
  request.at = nanos(std::llround(line.at * 1e9));
  request.prompt_tokens = text.tokens;
  request.output_tokens = line.output_tokens;
  request.opening = hash_opening(std::string_view(body_).substr(text.opening_at));
  return finish(request, prompt::Api::chat_completions, text.blocks, std::to_string(line.session), line.sends_session);
}

// Reads body_.
std::expected<prompt::Features, std::string> TraceBuilder::extract(prompt::Api api, std::string_view session) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(body_.size(), kMaxBody + std::size_t{1}));
  body_.resize(body_.size() + prompt::Extractor::kPadding);
  auto features = extractor_.extract(api, body_.data(), size, {.session = session});
  if (!features) return Trouble("the request is refused: " + std::string(info(features.error().reason).text));
  features->model = {};  // it lives in the extractor
  return *features;
}

// Of a prompt: its first blocks, as many as fit conversation_tokens but at least one. The last of them stands for all.
std::uint64_t TraceBuilder::beginning(std::span<const BlockHash> blocks) const {
  if (blocks.empty()) return 1;
  const std::size_t most = std::max(1U, config_.conversation_tokens / trace_.block_tokens);
  return std::max<std::uint64_t>(1, mix64(blocks[std::min(most, blocks.size()) - 1]));
}

std::expected<void, std::string> TraceBuilder::finish(TraceRequest& request, prompt::Api api,
                                                      std::span<const BlockHash> blocks, std::string_view session,
                                                      bool says) {
  std::string made;
  const bool hidden = config_.sessions == Sessions::hidden || (config_.sessions == Sessions::trace && !says);
  std::string_view sent = hidden ? std::string_view{} : session;
  if (config_.sessions == Sessions::sent && sent.empty()) {
    made = std::to_string(beginning(blocks));
    sent = made;
  }
  const auto features = extract(api, sent);
  if (!features) return Trouble(features.error());
  request.features = *features;
  trace_.rungs.insert(trace_.rungs.end(), features->ladder.begin(), features->ladder.end());
  trace_.rungs.insert(trace_.rungs.end(), features->ends.begin(), features->ends.end());
  if (config_.sessions == Sessions::hidden) request.features.session = 0;  // what the body itself named, too
  request.output_tokens = std::max(1U, request.output_tokens);
  request.conversation = !session.empty()                         ? prompt::session_hash(0, {}, session)
                         : features->session != 0 && made.empty() ? features->session
                                                                  : beginning(blocks);
  request.number = static_cast<std::uint32_t>(trace_.requests.size());
  request.first_block = trace_.blocks.size();
  request.blocks = static_cast<std::uint32_t>(blocks.size());
  trace_.blocks.insert(trace_.blocks.end(), blocks.begin(), blocks.end());
  trace_.prompt_tokens += request.prompt_tokens;
  trace_.requests.push_back(request);
  return {};
}

// The rungs of each request, in the order in which they were added; they move no more.
void TraceBuilder::place_rungs() {
  std::span<const prompt::Rung> rest(trace_.rungs);
  for (TraceRequest& request : trace_.requests) {
    for (std::span<const prompt::Rung>* rungs : {&request.features.ladder, &request.features.ends}) {
      *rungs = rest.first(rungs->size());
      rest = rest.subspan(rungs->size());
    }
  }
}

Trace TraceBuilder::take() {
  place_rungs();
  std::ranges::sort(trace_.requests, {},
                    [](const TraceRequest& request) { return std::pair(request.at, request.number); });
  if (!trace_.requests.empty()) {
    const Duration start = trace_.requests.front().at;
    for (TraceRequest& request : trace_.requests) request.at = request.at - start;
  }
  std::unordered_set<BlockHash> seen;
  seen.reserve(trace_.blocks.size());
  std::unordered_map<std::uint64_t, std::uint64_t> brought;  // new blocks, by conversation
  for (const TraceRequest& request : trace_.requests) {
    const auto blocks = trace_.blocks_of(request);
    std::size_t found = 0;
    while (found < blocks.size() && seen.contains(blocks[found])) ++found;
    trace_.repeated_blocks += found;
    brought[request.conversation] += blocks.size() - found;
    seen.insert(blocks.begin() + static_cast<std::ptrdiff_t>(found), blocks.end());
  }
  trace_.distinct_blocks = static_cast<std::uint32_t>(seen.size());
  for (const auto& [conversation, its] : brought) trace_.brought_blocks.push_back(its);
  std::ranges::sort(trace_.brought_blocks, std::greater<>());
  return std::move(trace_);
}

}  // namespace wp::lab
