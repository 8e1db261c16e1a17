#include "controlplane/config/toml.h"

#include <algorithm>

namespace wp::control {
namespace {
// A text on which the library fails its own assertion: wrong in a way that the screen does not know, and no reason to
// end the process.
struct LibraryGaveUp {};
[[noreturn]] void give_up() {
  throw LibraryGaveUp{};
}
}  // namespace
}  // namespace wp::control

#define TOML_ASSERT(expr) ((expr) ? void() : wp::control::give_up())
#include <toml++/toml.h>

#include "controlplane/config/toml_screen.h"

namespace wp::control {
namespace {

TomlValue convert(const toml::node& node);

TomlValue convert_table(const toml::table& table) {
  TomlValue value;
  value.kind = TomlValue::Kind::table;
  for (const auto& [key, node] : table) {
    TomlValue child = convert(node);
    child.key = std::string(key.str());
    if (key.source().begin.line != 0) child.line = key.source().begin.line;
    value.children.push_back(std::move(child));
  }
  std::ranges::stable_sort(value.children, {}, &TomlValue::line);
  return value;
}

TomlValue convert_array(const toml::array& array) {
  TomlValue value;
  value.kind = TomlValue::Kind::array;
  for (const toml::node& node : array) value.children.push_back(convert(node));
  return value;
}

TomlValue convert(const toml::node& node) {
  TomlValue value;
  value.kind = TomlValue::Kind::date;
  if (const auto* table = node.as_table()) {
    value = convert_table(*table);
  } else if (const auto* array = node.as_array()) {
    value = convert_array(*array);
  } else if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::string;
    value.string = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = TomlValue::Kind::integer;
    value.integer = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    value.kind = TomlValue::Kind::number;
    value.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::boolean;
    value.boolean = boolean->get();
  }
  value.line = node.source().begin.line;
  return value;
}

// toml++ says "Error while parsing X: Y", where the line says X, and calls a repeated key a redefinition of a type.
std::string in_our_words(std::string_view description) {
  constexpr std::string_view kParsing = "Error while parsing ";
  if (const std::size_t colon = description.find(": ");
      description.starts_with(kParsing) && colon != description.npos) {
    description.remove_prefix(colon + 2);
  }
  const std::size_t name = description.find('\'');
  const std::size_t end = description.find('\'', name + 1);
  if (description.starts_with("cannot redefine existing ") && end != description.npos) {
    return std::string(description.substr(name, end + 1 - name)) + " is given a second time";
  }
  return std::string(description);
}

}  // namespace

bool TomlValue::is_table_list() const {
  return is(Kind::array) && !children.empty() &&
         std::ranges::all_of(children, [](const TomlValue& child) { return child.is(Kind::table); });
}

std::expected<TomlValue, TomlError> parse_toml(std::string_view text) {
  if (const TomlScreening found = screen_toml(text); found.line != 0) {
    return std::unexpected(TomlError{found.line, std::string(found.message)});
  }
  try {
    return convert_table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return std::unexpected(TomlError{error.source().begin.line, in_our_words(error.description())});
  } catch (const LibraryGaveUp&) {
    return std::unexpected(TomlError{0, "not TOML, and the parser cannot say where"});
  }
}

std::string toml_quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4U];
      quoted += kHex[byte & 0xfU];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace wp::control
