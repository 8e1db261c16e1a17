#include "tools/lab/picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/lab/report.h"

namespace wp::lab {
namespace {

// Units of the picture.
constexpr double kTop = 70;
constexpr double kLine = 26;
constexpr double kBar = 14;
constexpr double kNames = 170;
constexpr double kPanel = 240;
constexpr double kGap = 70;  // right of a panel, for its figures
constexpr double kWidth = kNames + 3 * (kPanel + kGap);

constexpr const char* kBlue = "#3b7dd8";
constexpr const char* kOrange = "#d9822b";
constexpr const char* kGrey = "#8a8a8a";

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Names come from files.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      default: out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return out;
}

class Drawing {
 public:
  void text(double x, double y, const std::string& words, const char* anchor = "start", const char* colour = kGrey) {
    out_ += "<text x=\"" + number(x, 1) + "\" y=\"" + number(y, 1) + "\" text-anchor=\"" + anchor + "\" fill=\"" +
            colour + "\">" + escaped(words) + "</text>\n";
  }
  void bar(double x, double y, double width, const char* colour) {
    out_ += "<rect x=\"" + number(x, 1) + "\" y=\"" + number(y, 1) + "\" width=\"" + number(std::max(0.0, width), 1) +
            "\" height=\"" + number(kBar, 1) + "\" fill=\"" + colour + "\"/>\n";
  }
  void dot(double x, double y, double radius, const char* colour) {
    out_ += "<circle cx=\"" + number(x, 1) + "\" cy=\"" + number(y, 1) + "\" r=\"" + number(radius, 1) + "\" fill=\"" +
            colour + "\"/>\n";
  }
  void line(double x1, double y1, double x2, double y2) {
    out_ += "<line x1=\"" + number(x1, 1) + "\" y1=\"" + number(y1, 1) + "\" x2=\"" + number(x2, 1) + "\" y2=\"" +
            number(y2, 1) + "\" stroke=\"" + kGrey + "\" stroke-width=\"0.7\"/>\n";
  }
  [[nodiscard]] std::string finish(double height) const {
    const std::string size = number(kWidth, 0) + " " + number(height, 0);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" font-family=\"sans-serif\" " +
           "font-size=\"12\">\n" + out_ + "</svg>\n";
  }

 private:
  std::string out_;
};

constexpr double panel_at(int panel) {
  return kNames + panel * (kPanel + kGap);
}

// Milliseconds on the third panel: decades from the fastest to the slowest.
class Decades {
 public:
  explicit Decades(std::span<const Row> rows) {
    double least = 1e300;
    double most = 1;
    for (const Row& row : rows) {
      least = std::min(least, std::max(1.0, row.ttft_p50_ms));
      most = std::max(most, row.ttft_p99_ms);
    }
    first_ = std::floor(std::log10(std::min(least, most)));
    last_ = std::max(first_ + 1, std::ceil(std::log10(most)));
  }
  [[nodiscard]] double place(double ms) const {
    const double decade = std::clamp(std::log10(std::max(ms, 1e-9)), first_, last_);
    return panel_at(2) + kPanel * (decade - first_) / (last_ - first_);
  }
  [[nodiscard]] int first() const { return static_cast<int>(first_); }
  [[nodiscard]] int last() const { return static_cast<int>(last_); }

 private:
  double first_ = 0;
  double last_ = 1;
};

std::string decade_words(int decade) {
  return decade < 3 ? number(std::pow(10, decade), 0) + " ms" : number(std::pow(10, decade - 3), 0) + " s";
}

void draw_row(Drawing& drawing, const Row& row, double y, double worst_imbalance, const Decades& decades) {
  const double text_y = y + kBar - 3;
  drawing.text(kNames - 10, text_y, row.strategy, "end");
  drawing.bar(panel_at(0), y, kPanel * std::clamp(row.share_of_ideal, 0.0, 1.0), kBlue);
  drawing.text(panel_at(0) + kPanel + 6, text_y, number(row.hit_share, 3));
  // A bar begins at 1, where all do the same.
  drawing.bar(panel_at(1), y, kPanel * (row.imbalance - 1) / (worst_imbalance - 1), kOrange);
  drawing.text(panel_at(1) + kPanel + 6, text_y, number(row.imbalance, 2));
  const double middle = y + kBar / 2;
  drawing.line(decades.place(row.ttft_p50_ms), middle, decades.place(row.ttft_p99_ms), middle);
  drawing.dot(decades.place(row.ttft_p50_ms), middle, 5, kBlue);
  drawing.dot(decades.place(row.ttft_p90_ms), middle, 4, kOrange);
  drawing.dot(decades.place(row.ttft_p99_ms), middle, 2.5, kGrey);
}

}  // namespace

std::string picture_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows) {
  Drawing drawing;
  double worst = 1.1;
  for (const Row& row : rows) worst = std::max(worst, row.imbalance);
  const Decades decades(rows);
  const double bottom = kTop + kLine * static_cast<double>(rows.size());
  drawing.text(10, 20, heading(trace, config));
  drawing.text(panel_at(0), 45, "hits, of the ideal " + number(trace.ideal_share(), 3));
  drawing.text(panel_at(1), 45, "busiest replica over the mean, 1 to " + number(worst, 2));
  drawing.text(panel_at(2), 45, "first token: median, 90 %, 99 %");
  drawing.line(panel_at(0) + kPanel, kTop - 10, panel_at(0) + kPanel, bottom);
  for (int decade = decades.first(); decade <= decades.last(); ++decade) {
    const double x = decades.place(std::pow(10, decade));
    drawing.line(x, kTop - 10, x, bottom);
    drawing.text(x, bottom + 14, decade_words(decade), "middle");
  }
  double y = kTop;
  for (const Row& row : rows) {
    draw_row(drawing, row, y, worst, decades);
    y += kLine;
  }
  return drawing.finish(bottom + 25);
}

}  // namespace wp::lab
