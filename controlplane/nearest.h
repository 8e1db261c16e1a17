// The known word nearest to a mistyped one, for error lines that say what was probably meant.
#pragma once

#include <span>
#include <string_view>

namespace wp::control {

// Empty when nothing known is close: more than a third of the word's letters would have to change,
// or it has more than 64.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace wp::control
