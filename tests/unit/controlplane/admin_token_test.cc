#include "controlplane/admin_token.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wp::control {
namespace {

std::string load_error(const std::string& text, mode_t mode) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("warmpath-token-" + std::to_string(getpid()))).string();
  std::ofstream(path) << text;
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  const auto token = AdminToken::load(path);
  std::filesystem::remove(path);
  if (!token) return token.error().substr(path.size());
  EXPECT_TRUE(token->accepts("Bearer 0123456789abcdef"));
  return {};
}

TEST(AdminToken, OnlyTheBearerOfTheTokenIsAccepted) {
  const AdminToken token("0123456789abcdef");
  EXPECT_TRUE(token.accepts("Bearer 0123456789abcdef"));
  EXPECT_TRUE(token.accepts("bEARER 0123456789abcdef"));
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef", "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef0", "Bearer 1123456789abcdef", "Bearer 0123456789abcdeF",
        "Bearer 0123456789abcdef0123456789abcdef", "Bearer  0123456789abcdef"}) {
    EXPECT_FALSE(token.accepts(wrong)) << wrong;
  }
}

TEST(AdminToken, TheFileIsOneLineThatNotEverybodyReads) {
  EXPECT_EQ(load_error("0123456789abcdef\n", 0600), "");
  EXPECT_EQ(load_error("0123456789abcdef\r\nmore", 0640), "");
  EXPECT_TRUE(load_error("0123456789abcdef\n", 0644).starts_with(" is open to everyone: chmod o-rwx "));
  EXPECT_TRUE(load_error("0123456789abcde\n", 0600).starts_with(" holds no token"));
  EXPECT_TRUE(load_error("", 0600).starts_with(" holds no token"));
  EXPECT_TRUE(load_error("0123456789 abcdef\n", 0600).starts_with(" holds no token"));
  EXPECT_FALSE(AdminToken::load("/nowhere/token").has_value());
}

}  // namespace
}  // namespace wp::control
