// The token that makes a TCP connection as good as the control socket: sent as "Authorization: Bearer TOKEN" (RFC
// 6750).
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace wp::control {

class AdminToken {
 public:
  static constexpr std::size_t kLeast = 16;  // characters
  static constexpr std::size_t kMost = 4096;

  // The first line of a file that only its owner and group may read. The error is one clear line.
  [[nodiscard]] static std::expected<AdminToken, std::string> load(const std::string& path);
  explicit AdminToken(std::string token) : token_(std::move(token)) {}

  // Whether the field's value carries the token. Takes as long for a wrong token as for the right one.
  [[nodiscard]] bool accepts(std::string_view authorization) const;

 private:
  std::string token_;
};

}  // namespace wp::control
