#include "controlplane/config/toml_screen.h"

#include <algorithm>

namespace wp::control {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_foreign(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

// Walks a text by its tokens, as far as they decide where letters may be foreign. What is no TOML is walked through
// somehow: the library refuses it later.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  // False at a letter that is out of place, and at the end: at_end() tells them apart.
  bool step() {
    if (at_end() || is_foreign(text_[at_])) return false;
    const char c = text_[at_];
    if (c == '#') {
      skip_to_line_end();
      return true;
    }
    if (c == '"' || c == '\'') return string(c);
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  void skip_to_line_end() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  bool string(char quote) {
    const std::string_view triple = quote == '"' ? R"(""")" : "'''";
    const bool lines = text_.substr(at_).starts_with(triple);
    at_ += lines ? 3 : 1;
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '\n' && !lines) return true;  // has no end
      if (c == '\\' && quote == '"') {
        if (!escape()) return false;
        continue;
      }
      if (lines ? text_.substr(at_).starts_with(triple) : c == quote) {
        at_ += lines ? 3 : 1;
        // Up to two quotes before the three that end it are the string's own.
        for (int own = 0; lines && own < 2 && !at_end() && text_[at_] == quote; ++own) ++at_;
        return true;
      }
      ++at_;
    }
    return true;
  }

  bool escape() {
    ++at_;
    if (at_end()) return true;
    if (!is_blank(text_[at_])) {
      ++at_;
      return true;
    }
    while (!at_end() && is_blank(text_[at_])) ++at_;
    return at_end() || !is_foreign(text_[at_]);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::uint32_t line_of_foreign_letter(std::string_view toml) {
  if (toml.starts_with("\xef\xbb\xbf")) toml.remove_prefix(3);
  Walk walk(toml);
  while (walk.step()) {
  }
  if (walk.at_end()) return 0;
  return 1 + static_cast<std::uint32_t>(std::ranges::count(toml.substr(0, walk.at()), '\n'));
}

}  // namespace wp::control
