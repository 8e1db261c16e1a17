// Tables for people: aligned columns under a head, no wider than they must be, in colour only where it is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wp::ctl {

enum class Tone : std::uint8_t { plain, good, warning, bad };

struct Cell {
  // Implicit, so that a row is a list of words.
  Cell(std::string words, Tone how = Tone::plain)  // NOLINT(google-explicit-constructor): see above
      : text(std::move(words)), tone(how) {}
  Cell(const char* words) : text(words) {}  // NOLINT(google-explicit-constructor): see above

  std::string text;  // one line, UTF-8
  Tone tone = Tone::plain;
};

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string head;
  Align align = Align::left;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add(std::vector<Cell> row);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  // The lines, each with its end. `colour`: with the escape sequences of ECMA-48.
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// "name  value" lines, the values in one column.
[[nodiscard]] std::string fact_lines(const std::vector<std::pair<std::string, Cell>>& facts, bool colour);

}  // namespace wp::ctl
