#include "tests/sim/shape.h"

#include <cstdio>

namespace wp::sim {
namespace {

// Most worlds lack most faults: a fault that is always on hides what its absence allows.
double maybe(Rng& rng, double up_to) {
  return rng.chance(0.3) ? rng.unit() * up_to : 0;
}

// In a calm world everything a client sends is there at once, and in pieces that a shard can take in few turns, for
// each of them lasts milliseconds here: no client can be taken for a slow one.
Shape calmed(const Shape& from) {
  Shape shape;
  shape.replicas = from.replicas;
  shape.clients = from.clients;
  shape.requests_per_client = from.requests_per_client;
  shape.max_prompt = from.max_prompt;
  shape.max_reply = from.max_reply;
  shape.strategy = from.strategy;
  shape.net.max_segment = from.net.max_segment > 1000 ? from.net.max_segment : 0;
  shape.http10 = from.http10;
  shape.head_requests = from.head_requests;
  shape.slow = from.slow;
  shape.calm = true;
  return shape;
}

}  // namespace

Shape draw_shape(Rng& rng) {
  Shape shape;
  shape.replicas = rng.between(1, 8);
  shape.clients = rng.between(1, 20);
  shape.requests_per_client = rng.between(1, 12);
  shape.max_pipeline = rng.chance(0.4) ? rng.between(2, 5) : 1;
  shape.max_prompt = rng.chance(0.2) ? 200'000 : rng.between(10, 6000);
  shape.max_reply = rng.chance(0.2) ? 400'000 : rng.between(1, 30'000);
  constexpr balance::Strategy kStrategies[] = {balance::Strategy::warm, balance::Strategy::prefix,
                                               balance::Strategy::least_loaded, balance::Strategy::round_robin};
  shape.strategy = kStrategies[rng.below(4)];
  if (rng.chance(0.7)) shape.net.max_segment = rng.chance(0.3) ? rng.between(1, 8) : rng.between(16, 5000);
  if (shape.net.max_segment > 0 && shape.net.max_segment < 16) {
    shape.max_prompt = rng.between(10, 400);  // tiny segments: small bodies, or a world takes minutes
    shape.max_reply = rng.between(1, 800);
  }
  if (rng.chance(0.7)) shape.net.max_delay = micros(rng.between(1, 50'000));
  if (rng.chance(0.5)) shape.net.connect_delay = micros(rng.between(1, 20'000));
  shape.small_pools = rng.chance(0.25);
  shape.slow_readers = rng.chance(0.25);
  shape.changes = rng.chance(0.4);
  if (rng.chance(0.6)) {
    shape.close_before_reply = maybe(rng, 0.3);
    shape.reset_mid_reply = maybe(rng, 0.3);
    shape.truncate = maybe(rng, 0.3);
    shape.garbage = maybe(rng, 0.2);
    shape.down = maybe(rng, 0.5);
    shape.leave_early = maybe(rng, 0.4);
  }
  shape.close_after_reply = maybe(rng, 0.5);
  shape.http10 = maybe(rng, 0.5);
  shape.head_requests = maybe(rng, 0.5);
  if (rng.chance(0.5)) {
    shape.silent = maybe(rng, 0.2);
    shape.chatter = maybe(rng, 0.5);
    shape.half_close = maybe(rng, 0.5);
  }
  if (rng.chance(0.3)) {
    shape.slow = rng.between(5, 60);
    if (rng.chance(0.6)) return calmed(shape);
  }
  return shape;
}

bool Shape::clean() const {
  return !small_pools && !changes && (slow == 0 || calm) && close_before_reply == 0 && reset_mid_reply == 0 &&
         truncate == 0 && garbage == 0 && down == 0 && leave_early == 0 && silent == 0 && chatter == 0 &&
         half_close == 0;
}

std::string Shape::text() const {
  char line[512];
  std::snprintf(line, sizeof line,
                "replicas=%u clients=%u requests=%u pipeline=%u prompt<=%u reply<=%u strategy=%s segment<=%u "
                "delay<=%lldus small_pools=%d slow_readers=%d changes=%d close_before=%.2f reset=%.2f truncate=%.2f "
                "garbage=%.2f close_after=%.2f down=%.2f leave=%.2f "
                "silent=%.2f chatter=%.2f half_close=%.2f http10=%.2f head=%.2f slow=%u calm=%d",
                replicas, clients, requests_per_client, max_pipeline, max_prompt, max_reply,
                std::string(word(strategy)).c_str(), net.max_segment, static_cast<long long>(net.max_delay.micros()),
                small_pools, slow_readers, changes, close_before_reply, reset_mid_reply, truncate, garbage,
                close_after_reply, down, leave_early, silent, chatter, half_close, http10, head_requests, slow, calm);
  return line;
}

}  // namespace wp::sim
