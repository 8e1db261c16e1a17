#include "controlplane/feeds/metric_reader.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace wp::feeds {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Of a metric's name; a label's has no colon.
bool is_name_char(char c) {
  return is_letter(c) || c == ':' || (c >= '0' && c <= '9');
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_name(std::string_view& text) {
  const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_char) - text.begin());
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end);
  return !name.empty() && (is_letter(name.front()) || name.front() == ':') ? name : std::string_view();
}

// What stands up to the quote that ends it, which is taken too; nothing when there is none.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      const std::string_view inside = text.substr(0, i);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return {};
}

bool take_char(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::string_view> MetricSample::label(std::string_view wanted) const {
  const auto found = std::ranges::find(labels, wanted, &MetricLabel::name);
  if (found == labels.end()) return {};
  return found->value;
}

bool MetricReader::next(MetricSample& sample) {
  while (!rest_.empty() && lines_ < kMaxLines) {
    ++lines_;
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    skip_blanks(line);
    if (line.empty() || line.front() == '#') continue;
    if (read_line(line, sample)) return true;
    ++bad_lines_;
  }
  return false;
}

// name{label="value",...} value, and behind it a time or an exemplar, which are not of interest.
bool MetricReader::read_line(std::string_view line, MetricSample& sample) {
  sample.name = take_name(line);
  if (sample.name.empty()) return false;
  skip_blanks(line);
  std::size_t count = 0;
  if (take_char(line, '{') && !read_labels(line, count)) return false;
  sample.labels = std::span(labels_).first(count);
  skip_blanks(line);
  if (line.starts_with('+')) line.remove_prefix(1);
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), sample.value);
  const bool ends = stop == line.data() + line.size() || *stop == ' ' || *stop == '\t';
  return error == std::errc{} && ends;
}

// From behind the brace that opens to behind the one that closes. A comma may stand behind the last.
bool MetricReader::read_labels(std::string_view& line, std::size_t& count) {
  for (;;) {
    skip_blanks(line);
    if (take_char(line, '}')) return true;
    const std::string_view name = take_name(line);
    skip_blanks(line);
    if (name.empty() || name.find(':') != std::string_view::npos || !take_char(line, '=')) return false;
    skip_blanks(line);
    if (!take_char(line, '"') || count == labels_.size()) return false;
    const auto value = take_quoted(line);
    if (!value) return false;
    labels_[count++] = {name, *value};
    skip_blanks(line);
    if (!take_char(line, ',') && !line.starts_with('}')) return false;
  }
}

}  // namespace wp::feeds
