// shard: one core's loop. This header is the only one of the folder that the control plane may include: what it may say
// to a shard, and what it may read of one.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/balance/prompt_tap.h"
#include "dataplane/base/access_record.h"
#include "dataplane/base/flight_recorder.h"
#include "dataplane/base/mailbox.h"
#include "dataplane/base/metrics.h"
#include "dataplane/base/record_ring.h"

namespace wp::shard {

enum class Command : std::uint8_t {
  none,
  drain,  // stop accepting, offer no keep-alive, close what is idle; requests that run go on
  stop,   // abort what is left and leave the loop
};

// One a shard, made by the daemon, outliving the shard. Sending: push, then wake the shard's transport.
struct ShardMailbox {
  Mailbox<Command> commands{64};
  // Written by the shard once it runs; the counters behind it live as long as the shard.
  MetricList metrics;
  RecordRing<AccessRecord> access;   // opened by the shard if there is to be an access log; emptied by its one writer
  balance::PromptTap prompts;        // opened by the shard; emptied by the control thread
  FlightRecorder flight;             // the last events, for a postmortem
  std::atomic<bool> ready{false};    // metrics may be read
  std::atomic<bool> drained{false};  // a drain was asked for and nothing is left
  Counter turns;                     // turns of the loop
  Counter connections;               // client connections now
};

}  // namespace wp::shard
