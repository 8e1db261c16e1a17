// What is compared: something that picks a replica for each request. Ours is balance::pick behind this interface; the
// rivals are models of other projects' rules, one a file, each with its origin beside it. One Router is one gateway's:
// it knows what that gateway sent and, in its accounts, what of it is still under way.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/balance/pick.h"
#include "dataplane/base/time.h"
#include "tools/lab/replica_model.h"
#include "tools/lab/trace.h"

namespace wp::lab {

using Fleet = std::deque<ReplicaModel>;  // by the replica's number

struct Question {
  Instant now;
  const balance::PickInput& input;  // what a shard's strategy sees
  const TraceRequest& request;
  std::span<const BlockHash> blocks;
  std::uint64_t id = 0;  // of this attempt; sent() and what follows name it
};

class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  virtual ~Router() = default;

  // Like balance::pick: may be asked again with more excluded. Reasons other than spill and saturated say nothing here.
  [[nodiscard]] virtual balance::Pick pick(const Question& question) = 0;

  // The request was taken by that replica; it was charged before.
  virtual void sent(const Question& /*question*/, const balance::Replica& /*replica*/) {}
  // Its first byte came back, and its last one, or it was lost with its replica.
  virtual void first_byte(std::uint64_t /*id*/) {}
  virtual void ended(std::uint64_t /*id*/) {}
};

// Positions in input.snapshot.replicas of those that may be picked, in ascending order of number. Lives until the next
// call.
class Candidates {
 public:
  [[nodiscard]] std::span<const std::uint16_t> of(const balance::PickInput& input);

 private:
  std::vector<std::uint16_t> positions_;
};

}  // namespace wp::lab
