#include "controlplane/admin_token.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <sys/stat.h>

namespace wp::control {
namespace {

constexpr std::string_view kScheme = "bearer ";

// RFC 9110 section 11.1: the scheme's case does not matter.
bool is_bearer(std::string_view authorization) {
  return authorization.size() > kScheme.size() && std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme,
                                                                     [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

std::expected<AdminToken, std::string> AdminToken::load(const std::string& path) {
  struct stat about{};
  std::ifstream file(path);
  if (!file || ::stat(path.c_str(), &about) != 0) {
    return std::unexpected("cannot read " + path + ": " + std::strerror(errno));
  }
  if ((about.st_mode & S_IRWXO) != 0) {
    return std::unexpected(path + " is open to everyone: chmod o-rwx " + path);
  }
  std::string token;
  std::getline(file, token);
  while (token.ends_with('\r') || token.ends_with(' ')) token.pop_back();
  const bool visible = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible || token.size() < kLeast || token.size() > kMost) {
    return std::unexpected(path + " holds no token: one line of 16 to 4096 visible characters is wanted, such as: " +
                           "openssl rand -hex 32");
  }
  return AdminToken(std::move(token));
}

bool AdminToken::accepts(std::string_view authorization) const {
  if (!is_bearer(authorization)) return false;
  const std::string_view sent = authorization.substr(kScheme.size());
  // Every character is looked at, whatever the ones before it were; only the length of what was sent shows.
  unsigned differences = sent.size() == token_.size() ? 0U : 1U;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    differences |= static_cast<unsigned char>(sent[i]) ^ static_cast<unsigned char>(token_[i % token_.size()]);
  }
  return differences == 0;
}

}  // namespace wp::control
