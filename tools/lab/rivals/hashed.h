// What routers that hash one key to one replica share: rendezvous order (Thaler, Ravishankar 1998) over the replicas
// that may be picked, so that a change of members moves only what it must. No bound on loads.
#pragma once

#include <cstdint>

#include "tools/lab/router.h"

namespace wp::lab {

[[nodiscard]] balance::Pick pick_hashed(const balance::PickInput& input, Candidates& candidates, std::uint64_t key);

}  // namespace wp::lab
