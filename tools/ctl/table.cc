#include "tools/ctl/table.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp::ctl {
namespace {

constexpr std::string_view kGap = "  ";

// Code points: names of hosts and models hold no wide or combining ones.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view begin_tone(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::good: return "\x1b[32m";
    case Tone::warning: return "\x1b[33m";
    case Tone::bad: return "\x1b[31m";
  }
  return "";
}

// What a daemon sent must not move the cursor or write past its cell.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, '?');
  return clean;
}

std::string painted(const Cell& cell, bool colour) {
  std::string text = printable(cell.text);
  const std::string_view begin = begin_tone(cell.tone);
  if (!colour || begin.empty()) return text;
  return std::string(begin) + text + "\x1b[0m";
}

void append(std::string& line, const Cell& cell, std::size_t wanted, Align align, bool colour) {
  const std::string padding(wanted - width(cell.text), ' ');
  if (align == Align::right) line += padding;
  line += painted(cell, colour);
  if (align == Align::left) line += padding;
}

void end_line(std::string& text, std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
  line.clear();
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  WP_ASSERT(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::text(bool colour) const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) widths.push_back(width(column.head));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string text;
  std::string line;
  const auto write = [&](auto&& cell_at) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += kGap;
      append(line, cell_at(i), widths[i], columns_[i].align, colour);
    }
    end_line(text, line);
  };
  write([&](std::size_t i) { return Cell(columns_[i].head); });
  for (const auto& row : rows_) {
    write([&](std::size_t i) -> const Cell& { return row[i]; });
  }
  return text;
}

std::string fact_lines(const std::vector<std::pair<std::string, Cell>>& facts, bool colour) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) widest = std::max(widest, width(name));
  std::string text;
  for (const auto& [name, value] : facts) {
    text += name + std::string(widest - width(name), ' ') + std::string(kGap) + painted(value, colour) + "\n";
  }
  return text;
}

}  // namespace wp::ctl
