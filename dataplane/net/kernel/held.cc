#include "dataplane/net/kernel/held.h"

#include <utility>

namespace wp::net {

void HeldPieces::push(Queue& queue, stream::Slice&& piece) {
  const std::uint32_t at = piece.entry();
  pieces_[at] = std::move(piece);
  next_[at] = kNone;
  (queue.empty() ? queue.first : next_[queue.last]) = at;
  queue.last = at;
}

void HeldPieces::pop(Queue& queue) {
  const std::uint32_t at = queue.first;
  pieces_[at].reset();
  queue.first = next_[at];
  if (queue.empty()) queue.last = kNone;
}

void HeldPieces::clear(Queue& queue) {
  while (!queue.empty()) pop(queue);
}

}  // namespace wp::net
