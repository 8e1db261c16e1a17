// Writes any JSON value into the canonical stream: keys sorted, numbers by value, texts unescaped.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "dataplane/prompt/canonical.h"

namespace wp::prompt {

class ValueWriter {
 public:
  explicit ValueWriter(CanonicalSink& sink) : sink_(sink) {}

  // Recurses as deep as the parser let the value nest.
  void write(simdjson::dom::element value);

  // Writes an object without its members of one name ("": with all).
  void write_object(simdjson::dom::object object, std::string_view without);

 private:
  struct Member {
    std::string_view key;
    simdjson::dom::element value;
    std::uint32_t order;  // equal keys stay in the order of the body

    friend bool operator<(const Member& a, const Member& b) {
      const int order = a.key.compare(b.key);
      return order != 0 ? order < 0 : a.order < b.order;
    }
  };

  void write_array(simdjson::dom::array array);
  void write_number(double number);
  void write_member(std::string_view key, simdjson::dom::element value);

  CanonicalSink& sink_;
  // A stack of the members being sorted, one run for each object that is open. At most kMostSorted for each level
  // of nesting, so it stops growing early and stays.
  std::vector<Member> members_;
};

}  // namespace wp::prompt
