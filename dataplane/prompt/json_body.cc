#include "dataplane/prompt/json_body.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/prompt/wide_numbers.h"

namespace wp::prompt {

namespace dom = simdjson::dom;

static_assert(Extractor::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

constexpr std::uint32_t kSmallestCapacity = 64 * 1024;

Reason reason_of(simdjson::error_code code) {
  switch (code) {
    case simdjson::DEPTH_ERROR: return Reason::nested_too_deep;
    case simdjson::MEMALLOC: return Reason::no_buffer;
    default: return Reason::bad_json;
  }
}

}  // namespace

Result<dom::object> JsonBody::parse(const char* data, std::uint32_t size) {
  if (size > max_body_) return fail(Reason::body_too_large);
  if (size == 0) return fail(Reason::bad_json);
  simdjson::error_code code = reserve(size);
  if (code == simdjson::SUCCESS) code = read(data, size);
  if (code == simdjson::NUMBER_ERROR) code = read_narrowed(data, size);
  if (code != simdjson::SUCCESS) return fail(reason_of(code));
  dom::object object;
  if (document_.root().get_object().get(object) != simdjson::SUCCESS) return fail(Reason::bad_json);
  return object;
}

simdjson::error_code JsonBody::reserve(std::uint32_t size) {
  if (parser_.capacity() >= size && document_.capacity() >= size) return simdjson::SUCCESS;
  const std::uint64_t capacity = std::bit_ceil(std::max<std::uint64_t>(size, kSmallestCapacity));
  // simdjson refuses at the limit, not behind it.
  const simdjson::error_code code = parser_.allocate(capacity, std::size_t{max_depth_} + 1);
  return code != simdjson::SUCCESS ? code : document_.allocate(capacity);
}

simdjson::error_code JsonBody::read(const char* data, std::uint32_t size) {
  data_ = data;
  return parser_.implementation->parse(reinterpret_cast<const std::uint8_t*>(data), size, document_);
}

simdjson::error_code JsonBody::read_narrowed(const char* data, std::uint32_t size) {
  narrowed_.assign(data, data + size);
  narrowed_.resize(std::size_t{size} + Extractor::kPadding);
  if (!narrow_wide_numbers(std::span(narrowed_.data(), size), structurals())) return simdjson::NUMBER_ERROR;
  return read(narrowed_.data(), size);
}

// simdjson's first stage leaves the offset of every bracket, colon, comma and first byte of a scalar outside texts.
std::span<const std::uint32_t> JsonBody::structurals() const {
  return {parser_.implementation->structural_indexes.get(), parser_.implementation->n_structural_indexes};
}

// The structural behind the value that begins at this one: a comma or a closing bracket.
std::size_t JsonBody::behind(std::size_t structural) const {
  const auto at = structurals();
  std::size_t depth = 0;
  do {
    WP_ASSERT(structural < at.size());
    const char c = data_[at[structural]];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++structural;
  } while (depth > 0);
  return structural;
}

MemberPlace JsonBody::member(std::uint32_t index) const {
  const auto at = structurals();
  std::size_t key = 1;  // behind the '{'
  for (; index > 0; --index) key = behind(key + 2) + 1;
  const std::size_t next = behind(key + 2);
  WP_ASSERT(next < at.size() && data_[at[key]] == '"' && data_[at[key + 1]] == ':');
  std::uint32_t end = at[next];
  while (std::strchr(" \t\r\n", data_[end - 1]) != nullptr) --end;
  return {at[key], at[key + 2], end};
}

}  // namespace wp::prompt
