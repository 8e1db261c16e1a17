#include "tools/replica/exposition.h"

#include <initializer_list>

#include <nlohmann/json.hpp>

namespace wp::replica {

void Exposition::gauge(std::string_view name, std::string_view help, std::uint64_t value, std::string_view more) {
  sample(name, "gauge", help, std::to_string(value), more);
}

void Exposition::gauge(std::string_view name, std::string_view help, double value, std::string_view more) {
  sample(name, "gauge", help, nlohmann::json(value).dump(), more);
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view more) {
  sample(name, "counter", help, std::to_string(value), more);
}

void Exposition::sample(std::string_view name, std::string_view type, std::string_view help, std::string_view value,
                        std::string_view more) {
  const auto add = [this](std::initializer_list<std::string_view> pieces) {
    for (const std::string_view piece : pieces) text_ += piece;
  };
  add({"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n", name});
  if (!labels_.empty() || !more.empty()) {
    add({"{", labels_, labels_.empty() || more.empty() ? "" : ",", more, "}"});
  }
  add({" ", value, "\n"});
}

}  // namespace wp::replica
