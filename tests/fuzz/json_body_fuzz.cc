// Request bodies into the extractor: what any API makes of any bytes. The first byte picks API and session header, the
// rest is the body. Beyond not crashing: a good body's features say where its model stands, come out the same again,
// in steps of any size, too, but for the keys also where nobody needs those, do not depend on white space, and what
// simdjson takes for no JSON is none.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <simdjson.h>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/features.h"

namespace {

using wp::prompt::Api;
using wp::prompt::Extractor;
using wp::prompt::Features;
using wp::prompt::Rung;

// What was made of a body; its rungs outlive the extractor's next call.
struct Reading {
  wp::Result<Features> features;
  std::vector<Rung> rungs;
};

void check_rungs(std::span<const Rung> rungs, std::uint64_t bytes) {
  std::uint32_t last = 0;
  for (const Rung& rung : rungs) {
    WP_ASSERT(rung.hash != 0 && rung.end > last && rung.end <= bytes);
    last = rung.end;
  }
}

// In steps of so many units; 0: at once.
wp::Result<Features> extract(Extractor& extractor, Api api, const std::string& body, std::uint32_t size,
                             const wp::prompt::HeaderHints& hints, std::int64_t units) {
  if (units == 0) return extractor.extract(api, body.data(), size, hints);
  if (const auto started = extractor.start(api, body.data(), size, hints); !started) {
    return std::unexpected(started.error());
  }
  for (;;) {
    const auto read = extractor.step(units);
    if (!read) return std::unexpected(read.error());
    if (*read) return extractor.features();
  }
}

Reading read(Extractor& extractor, Api api, std::string body, const wp::prompt::HeaderHints& hints,
             std::int64_t units = 0) {
  const auto size = static_cast<std::uint32_t>(body.size());
  body.append(Extractor::kPadding, '"');
  Reading made{extract(extractor, api, body, size, hints, units), {}};
  const auto& features = made.features;
  if (!features) {
    WP_ASSERT(features.error().fault() == wp::Fault::client && features.error().position <= size);
    return made;
  }
  WP_ASSERT(features->first_chunk != 0 && features->derived_session != 0 && features->estimated_tokens != 0);
  WP_ASSERT((features->session != 0) == (features->session_source != wp::prompt::SessionSource::none));
  const wp::prompt::Splice place = features->model_value;
  if (place.length != 0) {
    WP_ASSERT(place.length >= 2 && place.offset + place.length <= size);
    WP_ASSERT(body[place.offset] == '"' && body[place.offset + place.length - 1] == '"');
    WP_ASSERT(features->model.size() <= place.length - 2 || body.find('\\', place.offset) != std::string::npos);
  }
  WP_ASSERT(features->ladder.size() + features->ends.size() <= wp::prompt::kMaxRungs);
  WP_ASSERT(features->ladder.empty() == (features->canonical_bytes == 0));
  WP_ASSERT(features->ends.empty() || features->ends.back().end == features->canonical_bytes);
  for (const auto rungs : {features->ladder, features->ends}) {
    check_rungs(rungs, features->canonical_bytes);
    made.rungs.insert(made.rungs.end(), rungs.begin(), rungs.end());
  }
  return made;
}

// With nobody who needs the keys of a body that names its session.
void expect_counted(const Reading& made, Extractor& extractor, Api api, std::string body,
                    const wp::prompt::HeaderHints& hints) {
  const auto size = static_cast<std::uint32_t>(body.size());
  body.append(Extractor::kPadding, '"');
  const auto counted = extractor.extract(api, body.data(), size, hints, wp::prompt::Keys::unnamed);
  const auto& whole = made.features;
  WP_ASSERT(whole.has_value() == counted.has_value());
  if (!whole) {
    WP_ASSERT(whole.error().reason == counted.error().reason && whole.error().position == counted.error().position);
    return;
  }
  WP_ASSERT(counted->canonical_bytes == whole->canonical_bytes && counted->session == whole->session);
  WP_ASSERT(counted->first_chunk == (whole->session != 0 ? 0 : whole->first_chunk));
  WP_ASSERT(counted->stream == whole->stream && counted->model_value.offset == whole->model_value.offset);
}

void expect_same(const Reading& one, const Reading& two) {
  const auto& a = one.features;
  const auto& b = two.features;
  WP_ASSERT(a.has_value() == b.has_value());
  if (!a) {
    WP_ASSERT(a.error().reason == b.error().reason);
    return;
  }
  WP_ASSERT(a->first_chunk == b->first_chunk && a->canonical_bytes == b->canonical_bytes);
  WP_ASSERT(a->derived_session == b->derived_session && one.rungs == two.rungs);
  WP_ASSERT(a->session == b->session && a->stream == b->stream && a->max_output_tokens == b->max_output_tokens);
  WP_ASSERT(a->model_value.length == b->model_value.length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Extractor extractor({.max_body = 1 << 20, .max_depth = 24, .key = 7});
  const Api api = static_cast<Api>(data[0] % 6);
  const wp::prompt::HeaderHints hints{.session = data[0] >= 128 ? "s" : "", .credential = "c"};
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Reading made = read(extractor, api, body, hints);
  expect_same(made, read(extractor, api, body, hints, 1 + data[0] % 37));
  expect_counted(made, extractor, api, body, hints);
  if (!made.features && made.features.error().reason == wp::Reason::bad_json) return 0;

  static simdjson::dom::parser parser;
  const auto judged = parser.parse(body).error();
  // It knows no number beyond a double's range, and no integer beyond 64 bits.
  WP_ASSERT(!made.features || judged == simdjson::SUCCESS || judged == simdjson::NUMBER_ERROR);
  expect_same(made, read(extractor, api, body, hints));
  // minify() keeps every token as it is spelled.
  std::string dense(body.size() + 2 * simdjson::SIMDJSON_PADDING, '\0');
  std::size_t dense_size = 0;
  if (simdjson::minify(body.data(), body.size(), dense.data(), dense_size) == simdjson::SUCCESS) {
    dense.resize(dense_size);
    expect_same(made, read(extractor, api, dense, hints));
  }
  return 0;
}
