// What becomes of blocks of the KV cache, as engines tell whoever routes to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/replica/kv_cache.h"

namespace wp::replica {

struct BlockEvent {
  enum class Kind : std::uint8_t {
    stored,   // these blocks, one behind the other, can be found from now on
    removed,  // these made room for others
    cleared,  // all are gone
  };
  Kind kind = Kind::stored;
  std::vector<BlockHash> hashes = {};
  // Of stored ones only:
  bool begins = false;  // the first begins a prompt; else it stands behind `parent`
  BlockHash parent = 0;
  std::vector<Token> tokens = {};  // of all of them, in order
  std::string adapter = {};        // that computed them; empty: the model itself
  std::string salt = {};           // that keeps them from other prompts; empty: none
};

}  // namespace wp::replica
