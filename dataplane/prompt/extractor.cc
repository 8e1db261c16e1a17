#include <algorithm>
#include <limits>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/body_fields.h"
#include "dataplane/prompt/canonical.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/json_body.h"
#include "dataplane/prompt/keyed_hash.h"
#include "dataplane/prompt/ladder.h"
#include "dataplane/prompt/session.h"
#include "dataplane/prompt/usage_splice.h"
#include "dataplane/prompt/value.h"
#include "dataplane/prompt/walk.h"

namespace wp::prompt {

namespace dom = simdjson::dom;

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();

// A limit on output tokens: a number, clamped to 32 bits; what is no positive number is the replica's to refuse.
Result<std::uint32_t> read_limit(const dom::element& value) {
  std::uint64_t limit = 0;
  if (value.get_uint64().get(limit) == simdjson::SUCCESS) return static_cast<std::uint32_t>(std::min(limit, kMost));
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS) return fail(Reason::bad_field);
  return number < 1 ? 0 : static_cast<std::uint32_t>(std::min(number, static_cast<double>(kMost)));
}

Result<void> read_options(const BodyFields& fields, Features& features, Field& culprit) {
  if (const dom::element* stream = fields.find(Field::stream); stream != nullptr) {
    culprit = Field::stream;
    if (stream->get_bool().get(features.stream) != simdjson::SUCCESS) return fail(Reason::bad_field);
  }
  for (const Field field : {Field::max_tokens, Field::max_output_tokens, Field::max_completion_tokens}) {
    const dom::element* value = fields.find(field);
    if (value == nullptr) continue;
    culprit = field;
    const auto limit = read_limit(*value);
    if (!limit) return std::unexpected(limit.error());
    features.max_output_tokens = *limit;
  }
  return {};
}

void read_ladder(const Ladder& ladder, Features& features) {
  features.first_chunk = ladder.first_chunk();
  features.derived_session = features.api == Api::completions ? ladder.first_chunk() : ladder.question();
  features.ladder = ladder.ladder();
  features.ends = ladder.ends();
}

}  // namespace

struct Extractor::Parser {
  explicit Parser(const ExtractLimits& given) : limits(given), body(given.max_body, given.max_depth) {
    // A number of one digit and its comma come to nine bytes of the stream, whose offsets have 32 bits.
    WP_ASSERT(given.max_body <= std::numeric_limits<std::uint32_t>::max() / 5);
  }

  [[nodiscard]] Result<Features> read(Api api, const HeaderHints& hints);

  ExtractLimits limits;
  JsonBody body;
  BodyFields fields;
  CanonicalSink sink;
  Ladder ladder;
  ValueWriter values{sink};
};

// Behind a body that was parsed and whose members were found.
Result<Features> Extractor::Parser::read(Api api, const HeaderHints& hints) {
  Features features;
  features.api = api;
  Field culprit = Field::model;
  const auto refuse = [&](const Error& error) {
    return fail(error.reason, body.member(fields.ordinal(culprit)).value);
  };
  if (const auto options = read_options(fields, features, culprit); !options) return refuse(options.error());
  const auto session = find_session(limits.key, hints, api, fields, culprit);
  if (!session) return refuse(session.error());
  features.session = session->hash;
  features.session_source = session->source;

  sink.start();
  BodyWalk walk(sink, values, fields);
  if (const auto written = walk.write(api); !written) {
    culprit = walk.field();
    return refuse(written.error());
  }
  const auto segments = sink.finish();
  ladder.start(limits.key, sink.marks(), segments, sink.bytes());
  WP_ASSERT(ladder.step(std::numeric_limits<std::uint32_t>::max()));
  read_ladder(ladder, features);
  features.canonical_bytes = sink.bytes();
  features.estimated_tokens = std::max(1U, sink.bytes() / kBytesPerToken);
  if (const dom::element* model = fields.find(Field::model); model != nullptr) {
    features.model = model->get_string().value_unsafe();  // the walk refused every other type
    const MemberPlace place = body.member(fields.ordinal(Field::model));
    features.model_value = {place.value, place.value_end - place.value};
  }
  features.ask_usage = find_usage_splice(features, fields, body);
  return features;
}

Extractor::Extractor(const ExtractLimits& limits) : parser_(new Parser(limits)) {}

Extractor::~Extractor() {
  delete parser_;
}

Result<Features> Extractor::extract(Api api, const char* data, std::uint32_t size, const HeaderHints& hints) {
  const auto object = parser_->body.parse(data, size);
  if (!object) return std::unexpected(object.error());
  if (const auto found = parser_->fields.read(*object, kFieldTable); !found) {
    return fail(found.error().reason, parser_->body.member(parser_->fields.repeated()).key);
  }
  return parser_->read(api, hints);
}

Features Extractor::without_body(const HeaderHints& hints) const {
  Features features;
  const Session session = header_session(parser_->limits.key, hints);
  features.session = session.hash;
  features.session_source = session.source;
  features.first_chunk = keyed_hash(parser_->limits.key, {});
  features.derived_session = features.first_chunk;
  features.estimated_tokens = 1;
  return features;
}

}  // namespace wp::prompt
