// prompt: what a request's body says about where its cached state may be. A span goes in, Features come out. It may not
// know replicas, connections or HTTP; the proxy hands it the few header values it may look at.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/prompt/rung.h"

namespace wp::prompt {

enum class Api : std::uint8_t { none, chat_completions, completions, responses, embeddings, messages };

// POST paths of the APIs; `none` for every other path.
[[nodiscard]] Api api_of(std::string_view path);
[[nodiscard]] std::string_view word(Api api);

// A string value as it stands in the body, quotes included, for later edits that splice: offsets into the body, length
// 0 when absent.
struct Splice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// How a body is made to ask for what it does not: `text` in the place of what stands there, which may be nothing.
struct UsageSplice {
  Splice place;
  std::string_view text = {};  // one that lives as long as the program; empty: nothing is to be done
};

// Members of a body that may name a session.
enum class SessionField : std::uint8_t {
  prompt_cache_key,
  conversation,  // a string, or an object with an id
  conversation_id,
  session_id,
  session_params_session_id,
  user,
  user_id,
  metadata_user_id,  // of /v1/messages only
};
inline constexpr auto kSessionFieldNames = std::to_array<std::string_view>({
    "prompt_cache_key",
    "conversation",
    "conversation_id",
    "session_id",
    "session_params.session_id",
    "user",
    "user_id",
    "metadata.user_id",
});

// Headers that name one where nothing else is configured, in order of precedence, in lower case.
inline constexpr auto kSessionHeaders = std::to_array<std::string_view>({
    "x-session-id",
    "session-id",
    "session_id",
    "x-conversation-id",
    "x-claude-code-session-id",
    "x-session-affinity",
    "x-dynamo-session-id",
    "x-smg-routing-key",
    "x-aibrix-session-key",
});

enum class SessionSource : std::uint8_t { none, header, body };

// Which bodies need the keys of their prompt: all, or only those that no session is named for.
enum class Keys : std::uint8_t { always, unnamed };

inline constexpr std::uint32_t kFirstChunkBytes = 1024;
inline constexpr std::uint32_t kBytesPerToken = 4;  // the working estimate, until replies correct it

// Of a body whose keys nobody needs, derived_session and first_chunk are 0 and there are no rungs. All else is the
// same, and so is what is refused.
struct Features {
  Api api = Api::none;
  bool stream = false;
  // Keyed 64-bit hash of the session key together with the caller's credential; 0 when none was sent.
  std::uint64_t session = 0;
  SessionSource session_source = SessionSource::none;
  // What stands for a session where none was sent: hash of the canonical stream (model, tools and system among it) to
  // the end of the user's first turn. A prompt without turns grows at its end, so it is first_chunk there. Not 0 where
  // it is made.
  std::uint64_t derived_session = 0;
  // Hash of the canonical stream's first kFirstChunkBytes, cut at the end of the first user turn so that the turns
  // that follow do not change it. Not 0 where it is made.
  std::uint64_t first_chunk = 0;
  // Both ascending by distinct ends, alive until the extractor's next call: prefixes by which other prompts with the
  // same beginning are known, and the ends of the last turns and of the whole, where this prompt may be continued.
  std::span<const Rung> ladder = {};
  std::span<const Rung> ends = {};
  std::uint64_t canonical_bytes = 0;    // length of the whole canonical stream
  std::uint32_t estimated_tokens = 0;   // canonical_bytes / kBytesPerToken, at least 1
  std::uint32_t max_output_tokens = 0;  // 0: not given
  std::string_view model = {};          // unescaped; lives until the extractor's next call; empty when absent
  Splice model_value = {};
  UsageSplice ask_usage = {};  // asks the engine to tell the usage of a streamed reply
};

// Header values that matter here, chosen by the proxy from the configured list; empty when absent.
struct HeaderHints {
  std::string_view session = {};     // the first present session header's value
  std::string_view credential = {};  // Authorization's or x-api-key's value, whole
};

struct ExtractLimits {
  std::uint32_t max_body = 8 * 1024 * 1024;
  std::uint32_t max_depth = 64;  // objects and arrays inside one another, the body being the first
  std::uint64_t key = 0;         // keys every hash: nodes that must agree share it
  // Which members of a body name its session, in order of precedence.
  std::vector<SessionField> session_fields = {SessionField::prompt_cache_key,
                                              SessionField::conversation,
                                              SessionField::conversation_id,
                                              SessionField::session_id,
                                              SessionField::session_params_session_id,
                                              SessionField::user,
                                              SessionField::user_id,
                                              SessionField::metadata_user_id};
};

// What one call of Extractor::step may do: some 10 us on a processor of 2020 (budget.h).
inline constexpr std::int64_t kStepUnits = 200'000;

// Reads one body at a time. Its memory grows to the largest body seen (bounded by max_body) and stays.
class Extractor {
 public:
  explicit Extractor(const ExtractLimits& limits);
  Extractor(const Extractor&) = delete;
  Extractor& operator=(const Extractor&) = delete;
  ~Extractor();

  // Begins a body of `size` bytes at `data`, behind which kPadding more bytes are readable; all of it stays where it is
  // until the features have been used. A body that is not read to its end is forgotten. Errors, also of step():
  // bad_json, repeated_key, bad_field, nested_too_deep, body_too_large (more than max_body), no_buffer (no memory to
  // grow into). The position of repeated_key and bad_field is that of the outermost member at fault, else it is 0. A
  // key that is missing or null is the replica's business, as is a value of the right type that makes no sense.
  static constexpr std::uint32_t kPadding = 128;
  [[nodiscard]] Result<void> start(Api api, const char* data, std::uint32_t size, const HeaderHints& hints,
                                   Keys keys = Keys::always);

  // Reads on for about so many units of work. True: features() are those of the whole body.
  [[nodiscard]] Result<bool> step(std::int64_t units = kStepUnits);
  [[nodiscard]] const Features& features() const;
  // What the last step took. What cannot be done by halves is begun with any units left, so that it may be more than
  // the step was given by one look at an object's members (kMostMembers).
  [[nodiscard]] std::int64_t spent() const;

  // All at once.
  [[nodiscard]] Result<Features> extract(Api api, const char* data, std::uint32_t size, const HeaderHints& hints,
                                         Keys keys = Keys::always);

  // Features of a request without a JSON body: session from the headers only.
  [[nodiscard]] Features without_body(const HeaderHints& hints) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wp::prompt
