// What is looked at in a configuration file before the TOML library sees it: texts on which the library (3.3) does not
// say what is wrong but runs into an assertion, into what its compiler was told to be unreachable, or out of stack.
#pragma once

#include <cstdint>
#include <string_view>

namespace wp::control {

struct TomlScreening {
  std::uint32_t line = 0;  // from 1; 0 when there is nothing to say
  std::string_view message;
};

// The first of these:
// - a byte above ASCII where TOML 1.0 has none: outside of strings and comments, or in a string behind a backslash,
//   or behind a line that ends in one (a byte order mark at the start may stand);
// - a table's header whose name does not begin as a name does;
// - a closing bracket that does not fit the one it closes;
// - a key or header of more than 64 parts, counted with the keys of the inline tables around it.
// All but the last are errors of TOML. Whether the rest is TOML remains to be seen.
[[nodiscard]] TomlScreening screen_toml(std::string_view text);

}  // namespace wp::control
