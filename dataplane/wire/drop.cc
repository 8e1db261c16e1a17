#include "dataplane/wire/drop.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

constexpr std::array<DropInfo, kDropCount> kTable = {{
#define WP_ROW(name, text) DropInfo{#name, text},
    WP_WIRE_DROPS(WP_ROW)
#undef WP_ROW
}};

}  // namespace

const std::array<DropInfo, kDropCount>& all_drops() {
  return kTable;
}

std::string_view word(Drop drop) {
  const auto index = static_cast<std::size_t>(drop);
  WP_ASSERT(index < kDropCount);
  return kTable[index].word;
}

}  // namespace wp::wire
