#include "tools/ctl/replica_path.h"

#include <string_view>

#include "controlplane/replica_spec.h"

namespace wp::ctl {
namespace {

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:").find(c) != std::string_view::npos;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string path;
  for (const char c : text) {
    if (stands_for_itself(c)) {
      path += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    path += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return path;
}

}  // namespace

std::string replica_name(std::string_view text) {
  const auto spec = control::parse_replica_spec(text);
  return spec ? spec->name : std::string(text);
}

std::string replica_path(std::string_view text, std::string_view verb) {
  std::string path = "/replicas/" + escaped(replica_name(text));
  if (!verb.empty()) path += "/" + std::string(verb);
  return path;
}

std::string change_path(std::string_view text) {
  return "/changes/" + escaped(replica_name(text));
}

}  // namespace wp::ctl
