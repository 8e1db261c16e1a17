#include <algorithm>
#include <limits>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/keyed_hash.h"
#include "dataplane/prompt/ladder.h"
#include "dataplane/prompt/scanner.h"
#include "dataplane/prompt/session.h"
#include "dataplane/prompt/usage_splice.h"
#include "dataplane/prompt/walk.h"

namespace wp::prompt {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();

// A limit on output tokens: a number, clamped to 32 bits; what is no positive number is the replica's to refuse.
Result<std::uint32_t> read_limit(Value value) {
  switch (value.kind()) {
    case Kind::integer: return value.integer() < 0 ? 0 : static_cast<std::uint32_t>(std::min(value.natural(), kMost));
    case Kind::natural: return static_cast<std::uint32_t>(kMost);
    case Kind::real:
      return value.real() < 1 ? 0 : static_cast<std::uint32_t>(std::min(value.real(), static_cast<double>(kMost)));
    default: return fail(Reason::bad_field);
  }
}

Result<void> read_options(const BodyFields& fields, Features& features, Field& culprit) {
  if (const Value stream = fields.find(Field::stream); stream.exists()) {
    culprit = Field::stream;
    if (!stream.is(Kind::yes) && !stream.is(Kind::no)) return fail(Reason::bad_field);
    features.stream = stream.is(Kind::yes);
  }
  for (const Field field : {Field::max_tokens, Field::max_output_tokens, Field::max_completion_tokens}) {
    const Value value = fields.find(field);
    if (!value.exists()) continue;
    culprit = field;
    const auto limit = read_limit(value);
    if (!limit) return std::unexpected(limit.error());
    features.max_output_tokens = *limit;
  }
  return {};
}

}  // namespace

struct Extractor::State {
  // What the body waits for.
  enum class Stage : std::uint8_t { scan, walk, climb, done };

  explicit State(const ExtractLimits& given) : limits(given), scanner(given.max_body, given.max_depth) {
    // A number of one digit and its comma come to nine bytes of the stream, whose offsets have 32 bits.
    WP_ASSERT(given.max_body <= std::numeric_limits<std::uint32_t>::max() / 5);
  }

  [[nodiscard]] Result<bool> run(Budget& budget);
  [[nodiscard]] Result<void> read_fields();
  // Of a body whose fields are read: nobody needs more of its stream than the length.
  [[nodiscard]] bool counted() const { return keys == Keys::unnamed && features.session != 0; }
  [[nodiscard]] std::unexpected<Error> refuse(const Error& error, Field culprit) const;
  void finish();

  ExtractLimits limits;
  Scanner scanner;
  BodyFields fields;
  CanonicalSink sink;
  BodyWalk walk{sink};
  Ladder ladder;
  Features features;
  SessionSeed session;
  Keys keys = Keys::always;
  Stage stage = Stage::done;
  std::int64_t spent = 0;
};

std::unexpected<Error> Extractor::State::refuse(const Error& error, Field culprit) const {
  return fail(error.reason, scanner.member(fields.ordinal(culprit)).value);
}

// Of a body that was scanned: what it says outside of its prompt.
Result<void> Extractor::State::read_fields() {
  if (const auto found = fields.read(scanner.root(), kFieldTable); !found) {
    const bool repeated = found.error().reason == Reason::repeated_key;
    return fail(found.error().reason, repeated ? scanner.member(fields.repeated()).key : 0);
  }
  Field culprit = Field::model;
  if (const auto options = read_options(fields, features, culprit); !options) return refuse(options.error(), culprit);
  const auto found = find_session(session, limits.session_fields, features.api, fields, culprit);
  if (!found) return refuse(found.error(), culprit);
  features.session = found->hash;
  features.session_source = found->source;
  return {};
}

void Extractor::State::finish() {
  if (!counted()) {
    features.first_chunk = ladder.first_chunk();
    features.derived_session = features.api == Api::completions ? ladder.first_chunk() : ladder.question();
    features.ladder = ladder.ladder();
    features.ends = ladder.ends();
  }
  features.canonical_bytes = sink.bytes();
  features.estimated_tokens = std::max(1U, sink.bytes() / kBytesPerToken);
  if (const Value model = fields.find(Field::model); model.exists()) {
    features.model = model.text();  // the walk refused every other type
    const MemberPlace place = scanner.member(fields.ordinal(Field::model));
    features.model_value = {place.value, place.value_end - place.value};
  }
  features.ask_usage = find_usage_splice(features, fields, scanner);
}

Extractor::Extractor(const ExtractLimits& limits) : state_(std::make_unique<State>(limits)) {}

Extractor::~Extractor() = default;

Result<void> Extractor::start(Api api, const char* data, std::uint32_t size, const HeaderHints& hints, Keys keys) {
  State& state = *state_;
  state.features = {.api = api};
  state.keys = keys;
  state.session = session_seed(state.limits.key, hints);
  state.stage = State::Stage::scan;
  // Where the body names the session nobody knows it yet.
  const bool counted = keys == Keys::unnamed && state.session.from_header.hash != 0;
  return state.scanner.start(data, size, counted);
}

Result<bool> Extractor::State::run(Budget& budget) {
  if (stage == Stage::scan) {
    const auto scanned = scanner.step(budget);
    if (!scanned || !*scanned) return scanned;
    budget.spend(scanner.root().size() * kMemberCost);
    if (const auto read = read_fields(); !read) return std::unexpected(read.error());
    walk.start(features.api, fields, counted());
    stage = Stage::walk;
  }
  if (stage == Stage::walk) {
    const auto walked = walk.step(budget);
    if (!walked) return refuse(walked.error(), walk.field());
    if (!*walked) return false;
    const auto segments = sink.finish();
    if (!counted()) ladder.start(limits.key, sink.marks(), segments, sink.bytes());
    stage = Stage::climb;
  }
  if (stage == Stage::climb) {
    if (!counted() && !ladder.step(budget)) return false;
    finish();
    stage = Stage::done;
  }
  return true;
}

Result<bool> Extractor::step(std::int64_t units) {
  Budget budget(units);
  auto done = state_->run(budget);
  state_->spent = units - budget.left();
  return done;
}

std::int64_t Extractor::spent() const {
  return state_->spent;
}

const Features& Extractor::features() const {
  WP_ASSERT(state_->stage == State::Stage::done);
  return state_->features;
}

Result<Features> Extractor::extract(Api api, const char* data, std::uint32_t size, const HeaderHints& hints,
                                    Keys keys) {
  if (const auto started = start(api, data, size, hints, keys); !started) return std::unexpected(started.error());
  if (const auto read = step(Budget::kAll); !read) return std::unexpected(read.error());
  return state_->features;
}

Features Extractor::without_body(const HeaderHints& hints) const {
  Features features;
  const std::uint64_t key = state_->limits.key;
  const Session session = header_session(key, hints);
  features.session = session.hash;
  features.session_source = session.source;
  features.first_chunk = keyed_hash(key, {});
  features.derived_session = features.first_chunk;
  features.estimated_tokens = 1;
  return features;
}

}  // namespace wp::prompt
