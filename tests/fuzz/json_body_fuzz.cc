// Request bodies into the extractor: what any API makes of any bytes. The first byte picks API and session header, the
// rest is the body. Beyond not crashing: a good body's features say where its model stands, come out the same again,
// and do not depend on white space.
#include <cstddef>
#include <cstdint>
#include <string>

#include <simdjson.h>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/features.h"

namespace {

using wp::prompt::Api;
using wp::prompt::Extractor;
using wp::prompt::Features;

wp::Result<Features> read(Extractor& extractor, Api api, std::string body, const wp::prompt::HeaderHints& hints) {
  const auto size = static_cast<std::uint32_t>(body.size());
  body.append(Extractor::kPadding, '"');
  auto features = extractor.extract(api, body.data(), size, hints);
  if (!features) {
    WP_ASSERT(features.error().fault() == wp::Fault::client && features.error().position <= size);
    return features;
  }
  WP_ASSERT(features->first_chunk != 0 && features->estimated_tokens != 0);
  WP_ASSERT((features->session != 0) == (features->session_source != wp::prompt::SessionSource::none));
  const wp::prompt::Splice place = features->model_value;
  if (place.length != 0) {
    WP_ASSERT(place.length >= 2 && place.offset + place.length <= size);
    WP_ASSERT(body[place.offset] == '"' && body[place.offset + place.length - 1] == '"');
    WP_ASSERT(features->model.size() <= place.length - 2 || body.find('\\', place.offset) != std::string::npos);
  }
  return features;
}

void expect_same(const wp::Result<Features>& a, const wp::Result<Features>& b) {
  WP_ASSERT(a.has_value() == b.has_value());
  if (!a) {
    WP_ASSERT(a.error().reason == b.error().reason);
    return;
  }
  WP_ASSERT(a->first_chunk == b->first_chunk && a->canonical_bytes == b->canonical_bytes);
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
  const auto features = read(extractor, api, body, hints);
  if (!features && features.error().reason == wp::Reason::bad_json) return 0;

  expect_same(features, read(extractor, api, body, hints));
  // minify() keeps every token as it is spelled.
  std::string dense(body.size() + 2 * simdjson::SIMDJSON_PADDING, '\0');
  std::size_t dense_size = 0;
  if (simdjson::minify(body.data(), body.size(), dense.data(), dense_size) == simdjson::SUCCESS) {
    dense.resize(dense_size);
    expect_same(features, read(extractor, api, dense, hints));
  }
  return 0;
}
