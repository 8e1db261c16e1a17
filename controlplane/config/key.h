// A row of the table of keys: the path, what may stand there, what it means, and how its value is read and written.
// The parser, the reference page, `show` and `diff` all walk these rows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/toml.h"
#include "controlplane/option_values.h"

namespace wp::control {

// When a changed value takes effect.
enum class Apply : std::uint8_t { reload, restart };

[[nodiscard]] std::string_view word(Apply apply);

// `Owner` is the part of Settings that a table of the file makes: Settings, PoolSettings, ReplicaSpec, RouteSettings.
template <class Owner>
struct Key {
  std::string_view path;  // dots between tables: "timeouts.head"; within a list, from the list on: "pool.name"
  Apply apply = Apply::reload;
  std::string type;  // what may stand there, for the reference page
  std::string_view meaning;
  // What is wrong with the value, if anything; the owner is then as it was.
  std::function<Problem(const TomlValue&, Owner&)> read;
  std::function<std::string(const Owner&)> write;  // as TOML
};

// `at` finds the value in its owner; `kind` is one of values.h.
template <class Owner, class Kind, class At>
[[nodiscard]] Key<Owner> make_key(std::string_view path, Apply apply, Kind kind, At at, std::string_view meaning) {
  return {path,
          apply,
          kind.type(),
          meaning,
          [kind, at](const TomlValue& from, Owner& owner) { return kind.read(from, at(owner)); },
          [kind, at](const Owner& owner) { return kind.write(at(owner)); }};
}

}  // namespace wp::control
