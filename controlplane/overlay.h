// What operators changed of the replicas at run time, laid over what the configuration says, so that a reload or a
// restart keeps it. Pure: it knows no registry and no file.
//
// Where the two disagree later: a replica that was added and is now configured is the configuration's (it stays drained
// if it was). A weight, drain or removal of a replica that the configuration no longer has is kept without effect,
// until it has it again: a host that was drained for repair must not get requests because a file was rolled back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/replica_spec.h"

namespace wp::control {

// Of one replica.
struct Change {
  std::optional<ReplicaSpec> added;  // the configuration does not have it
  bool removed = false;
  bool drained = false;
  std::uint32_t weight = 0;  // 0: as configured

  [[nodiscard]] bool empty() const { return !added && !removed && !drained && weight == 0; }
};

using Changes = std::map<std::string, Change, std::less<>>;  // by the replica's name

struct WantedReplica {
  ReplicaSpec spec;
  bool drained = false;
};

// Control thread only.
class Overlay {
 public:
  Overlay() = default;
  explicit Overlay(Changes changes) : changes_(std::move(changes)) {}

  // The configuration's replicas from now on.
  void configure(std::span<const ReplicaSpec> configured);

  // Why a replica that is configured, and was removed, cannot be added like this; empty when it can.
  [[nodiscard]] std::string objection(const ReplicaSpec& spec) const;
  void add(const ReplicaSpec& spec);
  void remove(const std::string& name);
  void set_weight(const std::string& name, std::uint32_t weight);
  void set_drained(const std::string& name, bool drained);
  // Back to the configuration. False when nothing was changed.
  bool reset(std::string_view name);

  // What there should be: the configuration's replicas in its order, then those added.
  [[nodiscard]] std::vector<WantedReplica> wanted() const;
  // Changes of replicas that are neither configured nor added: without effect.
  [[nodiscard]] std::vector<std::string> dormant() const;
  [[nodiscard]] const Changes& changes() const { return changes_; }
  [[nodiscard]] const Change* find(std::string_view name) const;
  // As the configuration has it; null when it does not.
  [[nodiscard]] const ReplicaSpec* configured(std::string_view name) const;

 private:
  void tidy(const std::string& name);

  std::vector<ReplicaSpec> configured_;
  Changes changes_;
};

}  // namespace wp::control
