// What the server needs to know of an API, whichever it is: how a body becomes an Ask, and how an Answer becomes bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tools/replica/tokenizer.h"

namespace wp::replica {

// A refusal in words; each API wraps it in its own shape. `param` names the body's field, or is empty.
struct ApiError {
  std::uint16_t status = 400;
  std::string message;
  std::string param;
};

enum class EmbeddingCoding : std::uint8_t { numbers, base64 };

// A request's body, boiled down to what the engine and the reply need.
struct Ask {
  std::string model;  // empty: not given
  bool stream = false;
  bool include_usage = false;
  std::optional<std::uint32_t> max_tokens;
  std::vector<Token> prompt;
  std::string cache_salt;
  // embeddings
  std::vector<std::uint64_t> input_hashes;
  std::uint32_t dimensions = 0;
  EmbeddingCoding coding = EmbeddingCoding::numbers;
  // responses: the turns go behind those of the response named, and are kept when `store`
  std::string previous_response_id;
  bool store = false;
  std::size_t turns_at = 0;  // where in `prompt` the turns begin, behind tools and instructions
};

// A reply as far as it is known: all but the text's progress is fixed when the first token comes.
struct Answer {
  std::string id;  // without the API's prefix
  std::string model;
  std::int64_t created = 0;  // Unix seconds
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t reply_tokens = 0;
  bool cache_report = false;   // usage may name cached_tokens
  bool cut = false;            // finished by the token limit, not by the model
  std::string text;            // the whole reply
  Ask ask;                     // without its prompt
  std::vector<Token> turns;    // of a response to be stored: its turns and this reply
  std::uint32_t sequence = 0;  // next event number, for APIs that number their events
  std::string frame_before;    // a token event around its text; made by stream_begin()
  std::string frame_after;
};

// One API. Stateless: everything about a request is in its Answer.
class Api {
 public:
  virtual ~Api() = default;
  [[nodiscard]] virtual std::string_view path() const = 0;
  // The path's last word, for counters and the event log.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // What a body asks for, or why it is refused: bytes, and the JSON object they must be.
  [[nodiscard]] std::expected<Ask, ApiError> read(std::string_view body) const;
  [[nodiscard]] virtual std::expected<Ask, ApiError> parse(const nlohmann::json& body) const = 0;
  [[nodiscard]] virtual std::string error(const ApiError& error) const = 0;
  // The body of a reply that is not streamed.
  [[nodiscard]] virtual std::string whole(const Answer& answer) const = 0;
  // Server-sent events: what comes before the first token, for a token, and behind the last.
  virtual void stream_begin(Answer& answer, std::string& out) const = 0;
  virtual void stream_token(Answer& answer, std::uint32_t index, std::string& out) const = 0;
  virtual void stream_end(Answer& answer, std::string& out) const = 0;
};

// The API of a path, or nullptr. Lives as long as the program.
[[nodiscard]] const Api* find_api(std::string_view path);

// The shape of errors where no API was called: OpenAI's.
[[nodiscard]] std::string openai_error(const ApiError& error);

}  // namespace wp::replica
