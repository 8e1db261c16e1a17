#include "tools/replica/api_embeddings.h"

#include <bit>
#include <cmath>
#include <span>

#include <nlohmann/json.hpp>

#include "dataplane/base/rng.h"
#include "tools/replica/fields.h"
#include "tools/replica/render.h"
#include "tools/replica/reply_text.h"

namespace wp::replica {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::uint32_t kDefaultDimensions = 64;
constexpr std::uint32_t kMaxDimensions = 4096;
constexpr std::size_t kMaxInputs = 2048;  // OpenAI's own limit

std::vector<float> vector_of(std::uint64_t hash, std::uint32_t dimensions) {
  Rng rng(hash);
  std::vector<float> values(dimensions);
  double squares = 0;
  for (float& v : values) {
    v = static_cast<float>(rng.unit() * 2 - 1);
    squares += double{v} * double{v};
  }
  const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 1);
  for (float& v : values) v *= scale;
  return values;
}

// RFC 4648 base64 of the values as little-endian floats: what OpenAI's SDKs ask for by default.
std::string base64_of(std::span<const float> values) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto bytes = std::as_bytes(values);
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8U | (k < n ? static_cast<std::uint32_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::expected<void, ApiError> add_input(const json& input, Ask& ask) {
  const std::size_t at = ask.prompt.size();
  append(ask.prompt, Mark::begin);
  if (auto done = append_plain(input, "input", ask.prompt); !done) return done;
  ask.input_hashes.push_back(prompt_hash(std::span(ask.prompt).subspan(at), 0));
  return {};
}

}  // namespace

std::expected<Ask, ApiError> EmbeddingsApi::parse(const json& body) const {
  Fields fields(body);
  Ask ask;
  ask.model = fields.text("model");
  ask.dimensions = fields.count("dimensions", 1).value_or(kDefaultDimensions);
  if (ask.dimensions > kMaxDimensions) fields.refuse("dimensions", "'dimensions' must be at most 4096.");
  const std::string coding = fields.text("encoding_format");
  if (coding == "base64") {
    ask.coding = EmbeddingCoding::base64;
  } else if (!coding.empty() && coding != "float") {
    fields.refuse("encoding_format", "'encoding_format' must be float or base64.");
  }
  if (fields.failed()) return std::unexpected(fields.error());
  const json& input = fields.value("input");
  const bool many = input.is_array() && !input.empty() && !input[0].is_number();
  if (many && input.size() > kMaxInputs) {
    return std::unexpected(ApiError{400, "At most 2048 inputs a request are served.", "input"});
  }
  if (!many) {
    if (auto done = add_input(input, ask); !done) return std::unexpected(done.error());
    return ask;
  }
  for (const json& one : input) {
    if (auto done = add_input(one, ask); !done) return std::unexpected(done.error());
  }
  return ask;
}

std::string EmbeddingsApi::whole(const Answer& answer) const {
  ordered_json list = ordered_json::array();
  for (std::size_t i = 0; i < answer.ask.input_hashes.size(); ++i) {
    const std::vector<float> values = vector_of(answer.ask.input_hashes[i], answer.ask.dimensions);
    const bool numbers = answer.ask.coding == EmbeddingCoding::numbers;
    list.push_back({{"object", "embedding"},
                    {"index", i},
                    {"embedding", numbers ? ordered_json(values) : ordered_json(base64_of(values))}});
  }
  const ordered_json data = {
      {"object", "list"},
      {"data", std::move(list)},
      {"model", answer.model},
      {"usage", {{"prompt_tokens", answer.prompt_tokens}, {"total_tokens", answer.prompt_tokens}}}};
  return data.dump();
}

}  // namespace wp::replica
