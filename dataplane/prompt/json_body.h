// One body as a JSON object, and the memory that reading it takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <simdjson.h>

#include "dataplane/base/result.h"
#include "dataplane/prompt/features.h"

namespace wp::prompt {

// Where a member of the outermost object stands in the body: offsets.
struct MemberPlace {
  std::uint32_t key = 0;
  std::uint32_t value = 0;
  std::uint32_t value_end = 0;
};

// The parser's memory grows in powers of two up to the largest body and stays: 14 bytes for each byte of capacity,
// of which pages are touched only as far as a body needs them.
class JsonBody {
 public:
  JsonBody(std::uint32_t max_body, std::uint32_t max_depth) : max_body_(max_body), max_depth_(max_depth) {}

  // Validates the whole body. The object and every text in it live until the next call. Errors: body_too_large,
  // bad_json, nested_too_deep, no_buffer (no memory to grow into).
  [[nodiscard]] Result<simdjson::dom::object> parse(const char* data, std::uint32_t size);

  // The place of member `index` (from 0, in the order of the body) of the object that parse() last returned; its value
  // without the white space around it.
  [[nodiscard]] MemberPlace member(std::uint32_t index) const;

 private:
  [[nodiscard]] simdjson::error_code reserve(std::uint32_t size);
  [[nodiscard]] simdjson::error_code read(const char* data, std::uint32_t size);
  [[nodiscard]] simdjson::error_code read_narrowed(const char* data, std::uint32_t size);
  [[nodiscard]] std::span<const std::uint32_t> structurals() const;
  [[nodiscard]] std::size_t behind(std::size_t structural) const;

  std::uint32_t max_body_;
  std::uint32_t max_depth_;
  simdjson::dom::parser parser_;
  simdjson::dom::document document_;
  std::vector<char> narrowed_;  // a copy of the last body that held numbers beyond 64 bits
  const char* data_ = nullptr;
};

}  // namespace wp::prompt
