#include "controlplane/config/values.h"

#include <array>
#include <charconv>
#include <utility>

#include "controlplane/duration_text.h"

namespace wp::control {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> kUnits = {
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}}};

std::string size_text(std::uint64_t bytes) {
  for (const auto& [unit, size] : kUnits) {
    if (bytes != 0 && bytes % size == 0) return std::to_string(bytes / size) + std::string(unit);
  }
  return std::to_string(bytes);
}

// False when the text is no size; too large a one is UINT64_MAX.
bool parse_size(std::string_view text, std::uint64_t& bytes) {
  std::uint64_t unit = 1;
  for (const auto& [name, size] : kUnits) {
    if (!text.ends_with(name)) continue;
    text.remove_suffix(name.size());
    unit = size;
  }
  std::uint64_t count = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return false;
  bytes = count > UINT64_MAX / unit ? UINT64_MAX : count * unit;
  return true;
}

// Printable, so that it can stand in a log line and a header. Bytes above ASCII are letters of some script.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

Problem read_pool_name(const std::string& text, std::string& value) {
  const bool good = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (text.empty() || text.size() > 64 || !good) return "a name has letters, digits, '-' and '_', up to 64 of them";
  value = text;
  return {};
}

Problem read_model(const std::string& text, std::string& value) {
  if (text.empty() || text.size() > kMaxModelName || !is_plain(text) || text.contains('*')) {
    return "the name of a model has up to " + std::to_string(kMaxModelName) + " bytes without blanks or '*'";
  }
  value = text;
  return {};
}

Problem read_route_model(const std::string& text, std::string& value) {
  const std::string_view beginning = std::string_view(text).substr(0, text.size() - (text.ends_with('*') ? 1 : 0));
  if (text.empty() || beginning.size() > kMaxModelName || !is_plain(beginning) || beginning.contains('*')) {
    return "the name of a model is wanted, its beginning with one '*' behind it, or '*' for all";
  }
  value = text;
  return {};
}

std::string hex(const std::uint64_t& value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

std::string same(const std::string& text) {
  return text;
}

}  // namespace

Problem FlagValue::read(const TomlValue& from, bool& value) const {
  if (!from.is(TomlValue::Kind::boolean)) return type() + " is wanted, without quotes";
  value = from.boolean;
  return {};
}

std::string NumberValue::type() const {
  return "number from " + std::to_string(low) + " to " + std::to_string(high);
}

Problem NumberValue::read_number(const TomlValue& from, std::uint64_t& value) const {
  const bool whole = from.is(TomlValue::Kind::integer) && from.integer >= 0;
  if (!whole || static_cast<std::uint64_t>(from.integer) < low || static_cast<std::uint64_t>(from.integer) > high) {
    return "a whole " + type() + " is wanted";
  }
  value = static_cast<std::uint64_t>(from.integer);
  return {};
}

std::string SizeValue::type() const {
  return "size from " + size_text(low) + " to " + size_text(high);
}

Problem SizeValue::read_bytes(const TomlValue& from, std::uint64_t& value) const {
  std::uint64_t bytes = 0;
  bool good = from.is(TomlValue::Kind::integer) && from.integer >= 0;
  if (good) bytes = static_cast<std::uint64_t>(from.integer);
  if (from.is(TomlValue::Kind::string)) good = parse_size(from.string, bytes);
  if (!good || bytes < low || bytes > high) {
    return "a " + type() + " is wanted: a number of bytes, or a text such as \"512KiB\"";
  }
  value = bytes;
  return {};
}

std::string SizeValue::write(std::uint64_t value) const {
  const std::string text = size_text(value);
  return text.ends_with("iB") ? toml_quote(text) : text;
}

std::string DurationValue::type() const {
  return "duration from " + to_string(low) + " to " + to_string(high);
}

Problem DurationValue::read(const TomlValue& from, Duration& value) const {
  const auto wrong = [this] { return Problem("a " + type() + " is wanted, such as \"30s\", \"250ms\" or \"2m\""); };
  if (!from.is(TomlValue::Kind::string) || from.string.find_first_of("ms") == std::string::npos) return wrong();
  const auto parsed = parse_duration(from.string);
  if (!parsed || *parsed < low || *parsed > high) return wrong();
  value = *parsed;
  return {};
}

std::string DurationValue::write(Duration value) const {
  return toml_quote(to_string(value));
}

Problem FactorValue::read(const TomlValue& from, double& value) const {
  double number = 0;
  if (from.is(TomlValue::Kind::integer)) number = static_cast<double>(from.integer);
  if (from.is(TomlValue::Kind::number)) number = from.number;
  if (!(number > 1.0 && number <= 100.0)) return "a " + type() + ", is wanted";
  value = number;
  return {};
}

std::string FactorValue::write(double value) const {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(digits.data(), end);
  // An integer is read as well, and the shortest form may have an exponent: both are TOML.
  return text;
}

Problem ReplicaUrlValue::read(const TomlValue& from, ReplicaSpec& value) const {
  if (!from.is(TomlValue::Kind::string)) return "a text in quotes is wanted: " + type();
  if (from.string.contains(',')) return "weight and priority are keys of their own here";
  auto parsed = parse_replica_spec(from.string);
  if (!parsed) return parsed.error().substr(from.string.size() + 4);  // the text is quoted already
  parsed->weight = value.weight;
  parsed->priority = value.priority;
  parsed->kv_events = value.kv_events;
  parsed->kv_replay = value.kv_replay;
  value = std::move(*parsed);
  return {};
}

std::string ReplicaUrlValue::write(const ReplicaSpec& value) const {
  return toml_quote("http://" + value.name);
}

TextValue<Endpoint> endpoint_value() {
  return {"ADDRESS:PORT", read_endpoint, [](const Endpoint& value) { return wp::to_string(value); }};
}

TextValue<balance::Strategy> strategy_value() {
  return {"warm, kv, prefix, session, least-loaded or round-robin", read_strategy,
          [](const balance::Strategy& value) { return std::string(balance::word(value)); }};
}

TextValue<bool> usage_value() {
  return {"ask or as-is", read_usage, [](const bool& ask) { return std::string(ask ? "ask" : "as-is"); }};
}

TextValue<TransportChoice> transport_value() {
  return {"auto, io_uring or epoll", read_transport,
          [](const TransportChoice& value) { return std::string(word(value)); }};
}

TextValue<std::string> header_value() {
  return {"name of a header", read_header_name, same};
}

TextValue<std::string> session_field_value() {
  return {"member of a body", read_session_field, same};
}

TextValue<std::string> path_value() {
  return {"path of a request", read_path, same};
}

TextValue<std::optional<Endpoint>> optional_endpoint_value() {
  return {"address:port, empty for none", read_optional_endpoint,
          [](const std::optional<Endpoint>& at) { return at ? wp::to_string(*at) : std::string(); }};
}

TextValue<std::string> state_path_value() {
  return {"path, auto or none", read_state_path, same};
}

TextValue<std::string> line_value() {
  return {"text, empty for none", read_line, same};
}

TextValue<std::string> socket_path_value() {
  return {"path, empty for none", read_socket_path, same};
}

TextValue<std::string> probe_prefix_value() {
  return {"path of a request, empty for none", read_probe_prefix, same};
}

TextValue<std::string> metrics_path_value() {
  return {"path of a request, empty for none",
          [](const std::string& text, std::string& value) -> Problem {
            if (!text.empty()) return read_path(text, value);
            value.clear();
            return {};
          },
          same};
}

TextValue<std::string> access_log_value() {
  return {"path, - for standard output, off for none", read_access_log,
          [](const std::string& value) { return value.empty() ? std::string("off") : value; }};
}

TextValue<AccessFormat> access_format_value() {
  return {"json or text", read_access_format, [](const AccessFormat& value) { return std::string(word(value)); }};
}

TextValue<std::string> postmortem_dir_value() {
  return {"directory, off for none, auto for /var/lib/warmpath or else the working directory", read_postmortem_dir,
          [](const std::string& value) { return value.empty() ? std::string("auto") : value; }};
}

TextValue<std::string> account_value() {
  return {"name or number, empty for none", read_account, same};
}

TextValue<std::uint64_t> hash_key_value() {
  return {"up to 16 hexadecimal digits", read_hex_key, hex};
}

TextValue<std::string> pool_name_value() {
  return {"name", read_pool_name, same};
}

TextValue<std::string> model_value() {
  return {"name of a model", read_model, same};
}

TextValue<std::string> route_model_value() {
  return {"name of a model, may end in *", read_route_model, same};
}

}  // namespace wp::control
