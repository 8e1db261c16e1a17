// Which build this program is, as its linker noted it (ELF note NT_GNU_BUILD_ID), and where it was loaded.
#pragma once

#include <cstdint>
#include <string>

namespace wp::daemon {

struct BuildId {
  std::string hex;  // empty when the linker was not asked for one
  std::uint64_t load_base = 0;
};

[[nodiscard]] BuildId build_id();

}  // namespace wp::daemon
