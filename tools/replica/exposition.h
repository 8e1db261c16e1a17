// Writes a page of metrics in Prometheus's text format 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wp::replica {

class Exposition {
 public:
  // `labels`: of every sample, such as engine="0",model_name="m"; empty: none.
  explicit Exposition(std::string labels = {}) : labels_(std::move(labels)) {}

  // `more`: labels of this sample alone, in the same form.
  void gauge(std::string_view name, std::string_view help, std::uint64_t value, std::string_view more = {});
  void gauge(std::string_view name, std::string_view help, double value, std::string_view more = {});
  void counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view more = {});

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void sample(std::string_view name, std::string_view type, std::string_view help, std::string_view value,
              std::string_view more);

  std::string labels_;
  std::string text_;
};

}  // namespace wp::replica
