// Clients by what they are waited for, each list in order of age: who is let go first when the shard needs room. All of
// it is O(1); the links live here and not in the clients.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/stream/body_slabs.h"

namespace wp::proxy {

enum class Wait : std::uint8_t {
  none,    // nothing: its reply is on its way, and it reads
  silent,  // its first byte
  head,    // the rest of a request's head
  idle,    // its next request
  unread,  // its next request, with a good part of the last reply still to read
  body,    // the rest of a request's body
  reader,  // room for more of its reply
  ahead,   // nothing: its reply is on its way, and bytes of its next request lie unread until then
  slot,    // nothing: we have no slot to read its request into
  slab0,   // nothing: we have no slab of its body's class, nor a larger one; and so on for each class
  slab1,
  slab2,
  slab3,
};
inline constexpr std::size_t kWaits = 13;

static_assert(kWaits == static_cast<std::size_t>(Wait::slab0) + stream::BodySlabs::kClasses);

[[nodiscard]] constexpr Wait wait_for_slab(std::size_t size_class) {
  return static_cast<Wait>(static_cast<std::size_t>(Wait::slab0) + size_class);
}

class WaitLists {
 public:
  // `clients`: indices are below it.
  explicit WaitLists(std::uint32_t clients) : links_(clients) { ends_.fill({}); }

  // The client is waited for from now on: the youngest of its list, and on no other.
  void enter(std::uint32_t client, Wait what, Instant now) {
    leave(client);
    Ends& ends = ends_[static_cast<std::size_t>(what)];
    links_[client] = {kEnd, ends.youngest, what, now};
    (ends.youngest == kEnd ? ends.oldest : links_[ends.youngest].younger) = client;
    ends.youngest = client;
    ++ends.size;
  }

  void leave(std::uint32_t client) {
    Links& links = links_[client];
    if (links.what == Wait::none) return;
    Ends& ends = ends_[static_cast<std::size_t>(links.what)];
    (links.older == kEnd ? ends.oldest : links_[links.older].younger) = links.younger;
    (links.younger == kEnd ? ends.youngest : links_[links.younger].older) = links.older;
    links.what = Wait::none;
    --ends.size;
  }

  [[nodiscard]] Wait of(std::uint32_t client) const { return links_[client].what; }
  // Of a client that is on a list.
  [[nodiscard]] Instant since(std::uint32_t client) const { return links_[client].since; }
  [[nodiscard]] std::uint32_t size(Wait what) const { return ends_[static_cast<std::size_t>(what)].size; }
  [[nodiscard]] bool empty(Wait what) const { return size(what) == 0; }

  // The client that has been on the list longest, if that is since `before` or earlier.
  [[nodiscard]] bool oldest(Wait what, Instant before, std::uint32_t& client) const {
    client = ends_[static_cast<std::size_t>(what)].oldest;
    return client != kEnd && links_[client].since <= before;
  }
  // The next younger one, under the same condition.
  [[nodiscard]] bool next(Instant before, std::uint32_t& client) const {
    client = links_[client].younger;
    return client != kEnd && links_[client].since <= before;
  }

 private:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  struct Links {
    std::uint32_t younger = kEnd;
    std::uint32_t older = kEnd;
    Wait what = Wait::none;
    Instant since;
  };
  struct Ends {
    std::uint32_t oldest = kEnd;
    std::uint32_t youngest = kEnd;
    std::uint32_t size = 0;
  };

  std::vector<Links> links_;
  std::array<Ends, kWaits> ends_;
};

}  // namespace wp::proxy
