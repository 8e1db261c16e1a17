// What is looked at in a configuration file before the TOML library sees it.
#pragma once

#include <cstdint>
#include <string_view>

namespace wp::control {

// The line, from 1, of the first byte above ASCII where TOML 1.0 has none: outside of strings and comments, or as the
// first character behind a string's line that ends in a backslash. 0 when there is none. In both places the library
// (3.3) runs into what its compiler was told to be unreachable. A byte order mark at the start may stand.
[[nodiscard]] std::uint32_t line_of_foreign_letter(std::string_view toml);

}  // namespace wp::control
