#include "dataplane/http/connection_options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/http/names.h"
#include "dataplane/http/syntax.h"

namespace wp::http {
namespace {

struct Options {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  std::uint32_t naming = 0;
};

void mark_named(HeadBase& head, std::string_view option) {
  for (Field& field : std::span(head.fields).first(head.field_count)) {
    const std::string_view name = head.name(field);
    if (name.size() == option.size() && std::equal(name.begin(), name.end(), option.begin(), [](char a, char b) {
          return syntax::lower_case(a) == syntax::lower_case(b);
        })) {
      field.hop_by_hop = true;
    }
  }
}

Name classify_folded(std::string_view option) {
  std::array<char, kLongestKnownName> lower;
  if (option.size() > lower.size()) return Name::other;
  for (std::size_t i = 0; i < lower.size() && i < option.size(); ++i) lower[i] = syntax::lower_case(option[i]);
  return classify_name({lower.data(), option.size()});
}

// One list element.
Ambiguity apply_option(HeadBase& head, std::string_view option, Options& options) {
  if (syntax::equals_folded(option, "close")) {
    options.close = true;
  } else if (syntax::equals_folded(option, "keep-alive")) {
    options.keep_alive = true;  // Keep-Alive itself is hop-by-hop by its name
  } else if (syntax::equals_folded(option, "upgrade")) {
    options.upgrade = true;
  } else {
    if (++options.naming > kMaxNamingOptions) return Ambiguity::many_options;
    if (is_shielded_from_connection(classify_folded(option))) return Ambiguity::shielded_field;
    mark_named(head, option);
  }
  return Ambiguity::none;
}

// A comma-separated list whose elements may be empty (RFC 9110 section 5.6.1.2).
Ambiguity apply_list(HeadBase& head, const Field& field, Options& options, std::uint32_t& at) {
  const std::uint32_t list_end = field.value_offset + field.value_length;
  std::uint32_t offset = field.value_offset;
  while (offset < list_end) {
    at = offset;
    const char first = head.text[offset];
    if (syntax::is_blank(first) || first == ',') {
      ++offset;
      continue;
    }
    while (offset < list_end && syntax::is_token_byte(head.text[offset])) ++offset;
    const std::string_view option(head.text.data() + at, offset - at);
    while (offset < list_end && syntax::is_blank(head.text[offset])) ++offset;
    if (offset < list_end && head.text[offset] != ',') {
      at = offset;
      return Ambiguity::connection_shape;
    }
    if (const Ambiguity flaw = apply_option(head, option, options); flaw != Ambiguity::none) return flaw;
  }
  return Ambiguity::none;
}

}  // namespace

Ambiguity apply_connection_options(HeadBase& head, std::uint32_t& at) {
  Options options;
  if (head.has(Name::connection)) {
    for (const Field& field : head.all()) {
      if (field.name != Name::connection) continue;
      if (const Ambiguity flaw = apply_list(head, field, options, at); flaw != Ambiguity::none) return flaw;
    }
  }
  head.keep_alive = !options.close && (head.minor_version >= 1 || options.keep_alive);
  head.wants_upgrade = options.upgrade && head.minor_version >= 1 && head.has(Name::upgrade);
  return Ambiguity::none;
}

}  // namespace wp::http
