#include <memory>
#include <string_view>

#define XXH_INLINE_ALL
#include <simdjson.h>
#include <xxhash.h>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/features.h"
#include "tests/bench/micro/cases.h"
#include "tests/bench/micro/conversation.h"

namespace wp::bench {
namespace {

namespace dom = simdjson::dom;

struct Size {
  const char* name;
  std::uint32_t bytes;
  std::uint32_t counted_runs;
};
constexpr Size kSizes[] = {{"1KB", 1024, 50}, {"64KB", 64 * 1024, 4}, {"400KB", 400 * 1024, 2}};

// A body with what a parser may read behind it.
struct Body {
  explicit Body(std::uint32_t bytes) : text(conversation(bytes)), size(bytes) {
    text.append(prompt::Extractor::kPadding, '\0');
  }
  std::string text;
  std::uint32_t size;
};

std::uint64_t hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::uint64_t walk(dom::element element) {
  std::uint64_t sum = 0;
  if (element.is_object()) {
    for (const auto& member : dom::object(element)) sum += hash(member.key) + walk(member.value);
  } else if (element.is_array()) {
    for (const dom::element item : dom::array(element)) sum += walk(item);
  } else if (element.is_string()) {
    sum = hash(std::string_view(element));
  }
  return sum;
}

// `keys`: of a body that names its session.
Case extraction(const Size& size, const char* name, prompt::Keys keys) {
  const auto body = std::make_shared<Body>(size.bytes);
  const auto extractor = std::make_shared<prompt::Extractor>(prompt::ExtractLimits{});
  return {std::string(name) + size.name, size.counted_runs, size.bytes, [body, extractor, keys] {
            const auto features = extractor->extract(prompt::Api::chat_completions, body->text.data(), body->size,
                                                     {"session-1", "Bearer sk-bench"}, keys);
            WP_ASSERT(features.has_value());
            return features->first_chunk + features->canonical_bytes;
          }};
}

Case bare_walk(const Size& size) {
  const auto body = std::make_shared<Body>(size.bytes);
  const auto parser = std::make_shared<dom::parser>();
  return {"bare/simdjson_xxh3/" + std::string(size.name), size.counted_runs, size.bytes, [body, parser] {
            dom::element root;
            const auto error = parser->parse(body->text.data(), body->size, false).get(root);
            WP_ASSERT(error == simdjson::SUCCESS);
            return walk(root);
          }};
}

}  // namespace

void add_body_cases(std::vector<Case>& cases) {
  for (const Size& size : kSizes) {
    cases.push_back(extraction(size, "prompt/extract/", prompt::Keys::always));
    cases.push_back(extraction(size, "prompt/count/", prompt::Keys::unnamed));
    cases.push_back(bare_walk(size));
  }
}

}  // namespace wp::bench
