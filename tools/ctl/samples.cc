#include "tools/ctl/samples.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace wp::ctl {
namespace {

constexpr std::string_view kType = "# TYPE ";

using Kinds = std::map<std::string, std::string, std::less<>>;  // by family

// The end of a sample's labels; they may hold braces inside quotes.
std::size_t labels_end(std::string_view line, std::size_t open) {
  bool quoted = false;
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == '}' && !quoted) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

bool read_sample(std::string_view line, Sample& sample) {
  const std::size_t name_end = line.find_first_of("{ ");
  if (name_end == std::string_view::npos || name_end == 0) return false;
  sample.name = line.substr(0, name_end);
  std::size_t end = name_end;
  if (line[name_end] == '{') {
    end = labels_end(line, name_end);
    if (end == std::string_view::npos || end >= line.size() || line[end] != ' ') return false;
    sample.labels = line.substr(name_end, end - name_end);
  }
  sample.value = line.substr(end + 1);
  return !sample.value.empty();
}

// "warmpath_x_bucket" is a sample of the histogram "warmpath_x".
std::string family_of(const std::string& name, const Kinds& kinds) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string family = name.substr(0, name.size() - suffix.size());
    if (const auto found = kinds.find(family); found != kinds.end() && found->second == "histogram") return family;
  }
  return name;
}

// "# TYPE family kind"
bool read_type(std::string_view line, Kinds& kinds) {
  const std::string_view rest = line.substr(kType.size());
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos) return false;
  kinds.emplace(rest.substr(0, space), rest.substr(space + 1));
  return true;
}

}  // namespace

std::expected<std::vector<Sample>, std::string> read_samples(std::string_view text) {
  std::vector<Sample> samples;
  Kinds kinds;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kType)) {
      if (!read_type(line, kinds)) return std::unexpected(std::string(line));
    } else if (!line.empty() && line.front() != '#') {
      Sample sample;
      if (!read_sample(line, sample)) return std::unexpected(std::string(line));
      const auto kind = kinds.find(family_of(sample.name, kinds));
      if (kind != kinds.end()) sample.kind = kind->second;
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

}  // namespace wp::ctl
