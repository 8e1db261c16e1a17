// The residency table's way from one process to the next: a file beside the state, written when the shards have
// stopped, read and removed when the next process begins. One that crashes leaves none, and no older one is found in
// its place. Whatever is wrong with a file, the daemon begins with an empty table and says so.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "controlplane/metric_text.h"
#include "controlplane/registry.h"
#include "dataplane/balance/residency_image.h"

namespace wp::control {

// Control thread only.
class ResidencyFile {
 public:
  explicit ResidencyFile(std::uint64_t hash_key) : hash_key_(hash_key) {}

  // Until it is told where, nothing is handed over.
  void keep_in(std::string path) { path_ = std::move(path); }

  // Before any shard runs, and when the registry knows its replicas.
  void take_up(balance::Residency& residency, const Registry& registry);
  // When no shard runs any more.
  void leave(const balance::Residency& residency, const Registry& registry) const;

  [[nodiscard]] const balance::Adopted& adopted() const { return adopted_; }
  void write(MetricText& out) const;

 private:
  enum class Outcome : std::uint8_t { none, adopted, unreadable, flawed };

  [[nodiscard]] balance::ImageContext context() const;
  [[nodiscard]] std::expected<void, std::string> write_file(const balance::Residency& residency,
                                                            const Registry& registry) const;

  std::string path_;
  std::uint64_t hash_key_;
  Outcome outcome_ = Outcome::none;
  balance::ImageFlaw flaw_ = balance::ImageFlaw::foreign;  // when it is flawed
  balance::Adopted adopted_;
};

}  // namespace wp::control
