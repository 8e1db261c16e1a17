// A reply's JSON: what is found must not depend on how the text is cut, must be ruled out by no glance, and where the
// text is an object without equal keys must be what a whole parser finds. The first byte chooses the API and the
// size of the pieces.
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/usage_text.h"

namespace {

using wp::prompt::Api;
using wp::prompt::UsageFigures;
using wp::prompt::UsageText;
namespace dom = simdjson::dom;

bool has_equal_keys(dom::element value) {
  if (dom::array array; value.get_array().get(array) == simdjson::SUCCESS) {
    for (const dom::element item : array) {
      if (has_equal_keys(item)) return true;
    }
  }
  dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  std::set<std::string_view> seen;
  for (const auto [key, member] : object) {
    if (!seen.insert(key).second || has_equal_keys(member)) return true;
  }
  return false;
}

bool find(dom::object in, std::string_view key, dom::object& object) {
  return in.at_key(key).get_object().get(object) == simdjson::SUCCESS;
}

// A figure that JSON spells as digits alone.
void compare(dom::object object, std::string_view key, const UsageFigures& figures, UsageFigures::Name name) {
  std::uint64_t value = 0;
  if (object.at_key(key).get_uint64().get(value) != simdjson::SUCCESS || value > UsageFigures::kMost) return;
  WP_ASSERT(figures.told(name) && figures.of(name) == value);
}

void check_against_parser(std::string_view text, Api api, const UsageText& found) {
  if (text.find('\\') != std::string_view::npos) return;  // keys with escapes are no keys
  dom::parser parser;
  dom::element document;
  dom::object root;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS || has_equal_keys(document)) return;
  if (document.get_object().get(root) != simdjson::SUCCESS) return;
  dom::object usage;
  dom::object holder;
  bool here = find(root, "usage", usage);
  if (!here && api == Api::responses && find(root, "response", holder)) here = find(holder, "usage", usage);
  if (!here && api == Api::messages && find(root, "message", holder)) here = find(holder, "usage", usage);
  WP_ASSERT(found.found() == here);
  dom::array choices;
  if (root.at_key("choices").get_array().get(choices) == simdjson::SUCCESS) {
    WP_ASSERT(found.choices_empty() == (choices.size() == 0));
  }
  if (!here || !find(root, "usage", usage)) return;
  if (find(root, "response", holder) || find(root, "message", holder)) return;
  std::uint64_t other = 0;
  if (usage.at_key("input_tokens").get_uint64().get(other) != simdjson::SUCCESS) {
    compare(usage, "prompt_tokens", found.figures(), UsageFigures::Name::prompt);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr Api kApis[] = {Api::chat_completions, Api::responses, Api::messages, Api::embeddings};
  const Api api = kApis[data[0] % 4];
  const std::size_t piece = data[0] / 4 + 1;
  const std::vector<char> exact(data + 1, data + size);
  const std::string_view text(exact.data(), exact.size());
  UsageText whole;
  whole.begin(api);
  whole.feed(text);
  UsageText cut;
  cut.begin(api);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::vector<char> part(text.begin() + static_cast<std::ptrdiff_t>(at),
                                 text.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, text.size())));
    cut.feed({part.data(), part.size()});
  }
  WP_ASSERT(whole.found() == cut.found() && whole.choices_empty() == cut.choices_empty());
  WP_ASSERT(whole.choices_filled() == cut.choices_filled());
  for (const auto name :
       {UsageFigures::Name::prompt, UsageFigures::Name::completion, UsageFigures::Name::cached,
        UsageFigures::Name::cache_read, UsageFigures::Name::cache_creation, UsageFigures::Name::timings}) {
    WP_ASSERT(whole.figures().told(name) == cut.figures().told(name));
    WP_ASSERT(whole.figures().of(name) == cut.figures().of(name));
  }
  WP_ASSERT(!whole.found() || UsageText::possible(text));
  check_against_parser(text, api, whole);
  return 0;
}
