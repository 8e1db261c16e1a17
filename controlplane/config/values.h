// The kinds of values in a configuration file. Each says what may stand there (type), reads it, and writes it so that
// reading gives it back. A reader returns what is wrong, without quoting the value; its target is then as it was.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/toml.h"
#include "controlplane/option_values.h"
#include "controlplane/replica_spec.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace wp::control {

struct FlagValue {
  [[nodiscard]] std::string type() const { return "true or false"; }
  [[nodiscard]] Problem read(const TomlValue& from, bool& value) const;
  [[nodiscard]] std::string write(bool value) const { return value ? "true" : "false"; }
};

// A whole number in a range.
struct NumberValue {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  [[nodiscard]] std::string type() const;
  template <class T>
  [[nodiscard]] Problem read(const TomlValue& from, T& value) const {
    std::uint64_t number = 0;
    Problem problem = read_number(from, number);
    if (!problem) value = static_cast<T>(number);
    return problem;
  }
  [[nodiscard]] std::string write(std::uint64_t value) const { return std::to_string(value); }

 private:
  [[nodiscard]] Problem read_number(const TomlValue& from, std::uint64_t& value) const;
};

// Bytes: a number, or a text with KiB, MiB or GiB behind it.
struct SizeValue {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  [[nodiscard]] std::string type() const;
  template <class T>
  [[nodiscard]] Problem read(const TomlValue& from, T& value) const {
    std::uint64_t bytes = 0;
    Problem problem = read_bytes(from, bytes);
    if (!problem) value = static_cast<T>(bytes);
    return problem;
  }
  [[nodiscard]] std::string write(std::uint64_t value) const;

 private:
  [[nodiscard]] Problem read_bytes(const TomlValue& from, std::uint64_t& value) const;
};

// A text with its unit: "250ms", "30s", "2m".
struct DurationValue {
  Duration low = millis(1);
  Duration high = seconds(86'400);

  [[nodiscard]] std::string type() const;
  [[nodiscard]] Problem read(const TomlValue& from, Duration& value) const;
  [[nodiscard]] std::string write(Duration value) const;
};

// A number above 1, up to 100.
struct FactorValue {
  [[nodiscard]] std::string type() const { return "number above 1, up to 100"; }
  [[nodiscard]] Problem read(const TomlValue& from, double& value) const;
  [[nodiscard]] std::string write(double value) const;
};

// A text that a reader of option_values.h understands.
template <class T>
struct TextValue {
  std::string_view what;
  Problem (*parse)(const std::string& text, T& value);
  std::string (*text_of)(const T& value);

  [[nodiscard]] std::string type() const { return std::string(what); }
  [[nodiscard]] Problem read(const TomlValue& from, T& value) const {
    if (!from.is(TomlValue::Kind::string)) return "a text in quotes is wanted: " + std::string(what);
    T parsed = value;
    Problem problem = parse(from.string, parsed);
    if (!problem) value = std::move(parsed);
    return problem;
  }
  [[nodiscard]] std::string write(const T& value) const { return toml_quote(text_of(value)); }
};

inline constexpr std::size_t kMaxListed = 1024;

// A list of up to kMaxListed values of another kind, none of them twice.
template <class Inner>
struct ListValue {
  Inner inner;

  [[nodiscard]] std::string type() const { return "list of: " + inner.type(); }
  template <class T>
  [[nodiscard]] Problem read(const TomlValue& from, std::vector<T>& values) const {
    if (!from.is(TomlValue::Kind::array)) return "a list in brackets is wanted";
    if (from.children.size() > kMaxListed) return "at most " + std::to_string(kMaxListed) + " can be listed";
    std::vector<T> fresh;
    for (const TomlValue& child : from.children) {
      T value{};
      if (Problem problem = inner.read(child, value)) {
        return (child.is(TomlValue::Kind::string) ? "'" + child.string + "': " : "") + *problem;
      }
      if (std::ranges::find(fresh, value) != fresh.end()) return inner.write(value) + " is listed twice";
      fresh.push_back(std::move(value));
    }
    values = std::move(fresh);
    return {};
  }
  template <class T>
  [[nodiscard]] std::string write(const std::vector<T>& values) const {
    std::string text = "[";
    for (const T& value : values) text += (text.size() > 1 ? ", " : "") + inner.write(value);
    return text + "]";
  }
};

// Host and port of a replica; the rest of the spec is left alone.
struct ReplicaUrlValue {
  [[nodiscard]] std::string type() const { return "http://HOST:PORT"; }
  [[nodiscard]] Problem read(const TomlValue& from, ReplicaSpec& value) const;
  [[nodiscard]] std::string write(const ReplicaSpec& value) const;
};

// The kinds that are read as on the command line.
[[nodiscard]] TextValue<Endpoint> endpoint_value();
[[nodiscard]] TextValue<balance::Strategy> strategy_value();
[[nodiscard]] TextValue<bool> usage_value();
[[nodiscard]] TextValue<TransportChoice> transport_value();
[[nodiscard]] TextValue<std::string> header_value();
[[nodiscard]] TextValue<std::string> session_field_value();
[[nodiscard]] TextValue<std::string> path_value();                           // of a request
[[nodiscard]] TextValue<std::optional<Endpoint>> optional_endpoint_value();  // empty for none
[[nodiscard]] TextValue<std::string> state_path_value();
[[nodiscard]] TextValue<std::string> line_value();         // empty for none
[[nodiscard]] TextValue<std::string> socket_path_value();  // of the file system; empty for none
[[nodiscard]] TextValue<std::string> probe_prefix_value();
[[nodiscard]] TextValue<std::string> metrics_path_value();  // of a request; empty for none
[[nodiscard]] TextValue<std::string> access_log_value();    // "off" for none, empty for auto
[[nodiscard]] TextValue<AccessFormat> access_format_value();
[[nodiscard]] TextValue<std::string> postmortem_dir_value();  // "off" for none, empty for auto
[[nodiscard]] TextValue<std::string> account_value();
[[nodiscard]] TextValue<std::uint64_t> hash_key_value();
[[nodiscard]] TextValue<std::string> pool_name_value();
[[nodiscard]] TextValue<std::string> model_value();
[[nodiscard]] TextValue<std::string> route_model_value();  // may end in '*'

}  // namespace wp::control
