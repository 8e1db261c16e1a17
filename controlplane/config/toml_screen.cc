#include "controlplane/config/toml_screen.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace wp::control {
namespace {

constexpr std::string_view kForeign = "a letter outside of ASCII stands outside of quotes or behind a backslash";
constexpr std::string_view kBracket = "a bracket is closed that is not the one that was opened";
constexpr std::string_view kHeader = "a table's name is missing, or begins with a character that needs quotes";
constexpr std::string_view kParts = "a name, with those of the tables around it, has more than 64 parts";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_foreign(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool begins_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         c == '"' || c == '\'';
}

// Walks a text by its tokens, as far as they decide what may stand where. It may lose its way behind the first error of
// TOML, for the library looks no further than that; but it takes no quote for a string's where the library does not.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  // What is wrong with the text, if anything; at() says where.
  std::string_view run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_foreign(c)) return kForeign;
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (fresh_ && (c == '"' || c == '\'')) {
        fresh_ = false;
        if (!string(c)) return kForeign;
      } else {
        plain(c);
      }
      if (!wrong_.empty()) return wrong_;
    }
    return {};
  }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  [[nodiscard]] bool in_value() const { return value_ || (!open_.empty() && open_.back() == kArray); }

  // A byte outside of strings and comments.
  void plain(char c) {
    ++at_;
    const bool fresh = fresh_;
    switch (c) {
      case ' ':
      case '\t':
      case '\r': return;
      case '\n':
        if (open_.empty()) value_ = false;
        if (open_.empty()) dots_ = 0;
        fresh_ = fresh || open_.empty();
        return;
      case '=':
        fresh_ = !in_value();
        value_ = true;
        return;
      case '.':
        fresh_ = !in_value();
        if (fresh_ && ++dots_ == kMostParts) wrong_ = kParts;
        return;
      case ',':
        fresh_ = !open_.empty();
        value_ = false;
        dots_ = around_.empty() ? 0 : around_.back();
        return;
      case '[':
        if (fresh && !in_value()) return header();
        return open(fresh, kArray);
      case '{': return open(fresh && in_value(), kTable);
      case ']':
      case '}': return close(c);
      default: fresh_ = false; return;
    }
  }

  void close(char c) {
    if (open_.empty() || (open_.back() == kTable) != (c == '}')) {
      --at_;
      wrong_ = kBracket;
      return;
    }
    open_.pop_back();
    around_.pop_back();
    value_ = true;
    fresh_ = false;
  }

  void push(char bracket) {
    open_ += bracket;
    around_.push_back(dots_);
  }

  void open(bool may, char bracket) {
    if (may) push(bracket);
    if (may) value_ = false;
    fresh_ = may;
  }

  // Behind a header's first bracket. What closes it at once, the text's end, and a second bracket that is apart have
  // the library's own words.
  void header() {
    push(kHeaderBracket);
    fresh_ = true;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[') {
      push(kHeaderBracket);
      ++at_;
      skip_blanks();
    }
    const bool judged = at_ == text_.size() || text_[at_] == ']' || is_foreign(text_[at_]);
    if (!judged && !begins_name(text_[at_])) wrong_ = kHeader;
  }

  // False at a letter that is out of place.
  bool string(char quote) {
    const std::string_view triple = quote == '"' ? R"(""")" : "'''";
    const bool lines = text_.substr(at_).starts_with(triple);
    at_ += lines ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !lines) return true;  // it has no end
      if (c == '\\' && quote == '"') {
        if (!escape()) return false;
        continue;
      }
      if (lines ? text_.substr(at_).starts_with(triple) : c == quote) {
        at_ += lines ? 3 : 1;
        // Up to two quotes before the three that end it are the string's own.
        for (int own = 0; lines && own < 2 && at_ < text_.size() && text_[at_] == quote; ++own) ++at_;
        return true;
      }
      ++at_;
    }
    return true;
  }

  bool escape() {
    ++at_;
    const std::size_t escaped = at_;
    while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
    if (at_ == text_.size()) return true;
    if (is_foreign(text_[at_])) return false;
    if (at_ == escaped) ++at_;
    return true;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // The library's tables and ours are freed and walked by recursion, and it bounds the depth of brackets only.
  static constexpr std::uint8_t kMostParts = 64;
  static constexpr char kArray = '[', kTable = '{', kHeaderBracket = 'h';

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view wrong_;
  std::string open_;                  // brackets
  std::vector<std::uint8_t> around_;  // the dots in the names that lead to each of them
  std::uint8_t dots_ = 0;             // in the name that is read, and in those around it
  bool value_ = false;                // behind a key's '='
  bool fresh_ = true;                 // where a key or a value, or a part of a key, begins
};

}  // namespace

TomlScreening screen_toml(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Walk walk(text);
  const std::string_view message = walk.run();
  if (message.empty()) return {};
  return {1 + static_cast<std::uint32_t>(std::ranges::count(text.substr(0, walk.at()), '\n')), message};
}

}  // namespace wp::control
