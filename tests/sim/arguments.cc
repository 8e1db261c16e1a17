#include "tests/sim/arguments.h"

#include <charconv>
#include <string_view>

namespace wp::sim {
namespace {

bool read_number(std::string_view text, std::uint64_t least, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= least;
}

}  // namespace

bool parse(std::span<const char* const> words, Arguments& arguments) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (++i == words.size()) return false;
    const std::string_view value = words[i];
    bool good = false;
    if (word == "--seeds") {
      good = read_number(value, 1, arguments.seeds);
    } else if (word == "--first") {
      good = read_number(value, 0, arguments.first);
    } else if (word == "--jobs") {
      good = read_number(value, 1, arguments.jobs);
    } else if (word == "--seed") {
      good = read_number(value, 0, arguments.first);
      arguments.seeds = 1;
    }
    if (!good) return false;
  }
  return true;
}

std::string usage(const char* program) {
  return std::string("usage: ") + program + " [--seeds N [--first S] [--jobs J] | --seed S] [--trace]\n";
}

}  // namespace wp::sim
