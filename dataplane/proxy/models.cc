#include "dataplane/proxy/models.h"

#include <charconv>

namespace wp::proxy {
namespace {

constexpr std::string_view kList = "/v1/models";

}  // namespace

bool lists_models(const http::RequestHead& head) {
  return head.path() == kList && (head.method == http::Method::get || head.method == http::Method::head);
}

std::size_t model_of_path(std::string_view path, std::span<char> model) {
  if (!path.starts_with(kList) || !path.substr(kList.size()).starts_with('/')) return 0;
  path.remove_prefix(kList.size() + 1);
  std::size_t length = 0;
  while (!path.empty()) {
    if (length == model.size()) return 0;
    unsigned char byte = static_cast<unsigned char>(path.front());
    std::size_t taken = 1;
    if (byte == '%' && path.size() >= 3) {
      const char* end = path.data() + 3;
      unsigned char escaped = 0;
      if (std::from_chars(path.data() + 1, end, escaped, 16).ptr == end) {
        byte = escaped;
        taken = 3;
      }
    }
    model[length++] = static_cast<char>(byte);
    path.remove_prefix(taken);
  }
  return length;
}

void write_models_head(http::Writer& out, const http::RequestHead& head, std::size_t length, bool keep_alive) {
  http::write_status_line(out, 200, {});
  out.field("Content-Type", "application/json");
  http::write_framing(out, http::Framing::length, length);
  if (!keep_alive) {
    out.field("Connection", "close");
  } else if (head.minor_version == 0) {
    out.field("Connection", "keep-alive");
  }
  http::write_end_of_head(out);
}

}  // namespace wp::proxy
