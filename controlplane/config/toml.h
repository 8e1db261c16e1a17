// The text of a configuration file as a tree of values that know their lines. The only place that knows the TOML
// library.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace wp::control {

struct TomlValue {
  enum class Kind : std::uint8_t { boolean, integer, number, string, array, table, date };

  Kind kind = Kind::table;
  std::uint32_t line = 0;  // of its key, or of itself in an array; from 1
  std::string key;         // empty in an array
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string string;               // UTF-8
  std::vector<TomlValue> children;  // of a table in the order of their lines, of an array in its own

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  // An array that is not empty and holds tables alone, as [[name]] makes it.
  [[nodiscard]] bool is_table_list() const;
};

// Where and why the text is not TOML. A key given twice is among that; nothing behind it is read.
struct TomlError {
  std::uint32_t line = 0;
  std::string message;
};

// TOML 1.0. The root is a table.
[[nodiscard]] std::expected<TomlValue, TomlError> parse_toml(std::string_view text);

// `text` as a basic string of TOML, in quotes.
[[nodiscard]] std::string toml_quote(std::string_view text);

}  // namespace wp::control
