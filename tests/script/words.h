// A line taken apart from the left: words between blanks, or what stands between < and >.
#pragma once

#include <string_view>

namespace wp::script {

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) { trim(); }

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::string_view rest() const { return text_; }

  // Empty when nothing is left.
  [[nodiscard]] std::string_view next() { return cut(text_.find_first_of(" \t,"), 0); }

  // What follows a '<', up to its '>' or the end.
  [[nodiscard]] std::string_view bracketed() {
    text_.remove_prefix(1);
    return cut(text_.find('>'), 1);
  }

 private:
  std::string_view cut(std::size_t at, std::size_t closing) {
    const std::string_view word = text_.substr(0, at);
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + closing);
    trim();
    return word;
  }

  void trim() {
    const std::size_t first = text_.find_first_not_of(" \t\r,");
    text_ = first == std::string_view::npos ? std::string_view() : text_.substr(first);
    const std::size_t last = text_.find_last_not_of(" \t\r");
    text_ = text_.substr(0, last + 1);
  }

  std::string_view text_;
};

}  // namespace wp::script
