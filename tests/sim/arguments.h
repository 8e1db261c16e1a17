// The command line of programs that run worlds by seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace wp::sim {

struct Arguments {
  std::uint64_t seeds = 1;  // how many
  std::uint64_t first = 1;
  std::uint64_t jobs = 1;  // worlds at a time
  bool trace = false;      // tell what happens in the world
};

// Reads [--seeds N [--first S] [--jobs J] | --seed S] [--trace] over what `arguments` holds. False when anything is not
// of these.
[[nodiscard]] bool parse(std::span<const char* const> words, Arguments& arguments);

[[nodiscard]] std::string usage(const char* program);

}  // namespace wp::sim
