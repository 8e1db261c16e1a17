#include "dataplane/prompt/usage_splice.h"

namespace wp::prompt {
namespace {

constexpr std::string_view kMember = R"("stream_options":{"include_usage":true},)";
constexpr std::string_view kValue = R"({"include_usage":true})";

bool asks_for_chunks(const Features& features) {
  return features.stream && (features.api == Api::chat_completions || features.api == Api::completions);
}

}  // namespace

UsageSplice find_usage_splice(const Features& features, const BodyFields& fields, const Scanner& body) {
  if (!asks_for_chunks(features)) return {};
  // Before the first member: there is at least "stream".
  if (!fields.has(Field::stream_options)) return {{body.member(0).key, 0}, kMember};
  const Value options = fields.find(Field::stream_options);
  const bool empty = !options.exists() || (options.is(Kind::object) && options.size() == 0);
  if (!empty) return {};
  const MemberPlace place = body.member(fields.ordinal(Field::stream_options));
  return {{place.value, place.value_end - place.value}, kValue};
}

}  // namespace wp::prompt
