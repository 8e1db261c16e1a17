#include "tests/unit/http/grammar.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "dataplane/http/writer.h"

namespace wp::http::test {
namespace {

struct Line {
  std::string name;
  std::string value;
};

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

bool among(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kAlpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_tchar(char c) {  // RFC 9110, 5.6.2
  return among(c, kDigits) || among(c, kAlpha) || among(c, "!#$%&'*+-.^_`|~");
}

bool is_field_vchar(char c) {  // VCHAR / obs-text, RFC 9110, 5.5
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
}

// uri-host [ ":" port ], RFC 3986, 3.2.2; no escapes.
bool is_authority(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const bool literal = bracket != std::string_view::npos;
  const std::size_t host = literal ? bracket + 1 : std::min(text.find(':'), text.size());
  const std::string_view inner = literal ? text.substr(1, bracket - 1) : text.substr(0, host);
  if (inner.empty()) return false;
  for (const char c : inner) {
    const bool fits = literal ? among(c, kDigits) || among(c, "abcdefABCDEF:.")
                              : among(c, kDigits) || among(c, kAlpha) || among(c, "-._~!$&'()*+;=");
    if (!fits) return false;
  }
  if (host == text.size()) return true;
  return text[host] == ':' && host + 1 < text.size() &&
         text.find_first_not_of(kDigits, host + 1) == std::string_view::npos;
}

class Grammar {
 public:
  Grammar(std::string_view bytes, Role role) : text_(bytes), role_(role) {}

  std::optional<Meaning> message(std::size_t from) {
    at_ = from;
    fields_.clear();
    host_.clear();
    minor_ = '1';
    status_ = 0;
    const bool begun = role_ == Role::requests ? request_line() : status_line();
    if (!begun || !field_lines() || !(role_ != Role::requests || settle_host())) return std::nullopt;
    Meaning meaning;
    if (!body(meaning.payload)) return std::nullopt;
    meaning.forwarded = first_line_;
    if (role_ == Role::requests) meaning.forwarded += "Host: " + (host_.empty() ? "none" : host_) + "\r\n";
    for (const Line& field : fields_) {
      if (is_end_to_end(lower_case(field.name))) meaning.forwarded += field.name + ": " + field.value + "\r\n";
    }
    meaning.forwarded += framing_ + "\r\n";
    meaning.end = at_;
    return meaning;
  }

 private:
  bool literal(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }

  template <class Fits>
  std::string run(Fits fits) {
    const std::size_t from = at_;
    while (at_ < text_.size() && fits(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  std::string token() { return run(is_tchar); }

  bool version() {
    if (!literal("HTTP/1.") || at_ == text_.size() || !among(text_[at_], "01")) return false;
    minor_ = text_[at_++];
    return true;
  }

  bool request_line() {
    literal("\r\n");  // RFC 9112, 2.2
    method_ = token();
    if (method_.empty() || !literal(" ")) return false;
    const std::string target = run([](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
    if (target.empty() || !literal(" ") || !version() || !literal("\r\n")) return false;
    const std::string path = origin_form(target);
    first_line_ = method_ + " " + path + " HTTP/1.1\r\n";
    return !path.empty();
  }

  // RFC 9112, 3.2.
  std::string origin_form(const std::string& target) {
    if (target.starts_with('/') || (target == "*" && method_ == "OPTIONS")) return target;
    if (lower_case(target.substr(0, 7)) != "http://") return "";
    const std::size_t path = std::min(target.find_first_of("/?", 7), target.size());
    host_ = target.substr(7, path - 7);
    if (!is_authority(host_)) return "";
    if (path == target.size()) return method_ == "OPTIONS" ? "*" : "/";
    return (target[path] == '?' ? "/" : "") + target.substr(path);
  }

  bool status_line() {
    if (!version() || !literal(" ")) return false;
    const std::string digits = run([](char c) { return among(c, kDigits); });
    if (digits.size() != 3 || digits[0] < '1' || digits[0] > '5') return false;
    status_ = std::stoi(digits);
    std::string reason;
    if (literal(" ")) reason = run([](char c) { return is_field_vchar(c) || among(c, " \t"); });
    if (reason.empty()) reason = standard_phrase(static_cast<std::uint16_t>(status_));
    first_line_ = "HTTP/1.1 " + digits + " " + reason + "\r\n";
    return literal("\r\n");
  }

  // *( field-name ":" OWS field-value OWS CRLF ) CRLF, RFC 9112, 5.
  bool field_lines() {
    while (!literal("\r\n")) {
      Line field{.name = token(), .value = {}};
      if (field.name.empty() || !literal(":")) return false;
      run([](char c) { return among(c, " \t"); });
      field.value = run([](char c) { return is_field_vchar(c) || among(c, " \t"); });
      if (!literal("\r\n")) return false;
      field.value.erase(field.value.find_last_not_of(" \t") + 1);
      fields_.push_back(std::move(field));
    }
    return true;
  }

  [[nodiscard]] std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> found;
    for (const Line& field : fields_) {
      if (lower_case(field.name) == name) found.push_back(field.value);
    }
    return found;
  }

  // RFC 9112, 3.2: one, and the same as an absolute target's.
  bool settle_host() {
    const std::vector<std::string> hosts = values("host");
    if (hosts.empty()) return minor_ == '0';
    if (hosts.size() > 1 || !is_authority(hosts[0])) return false;
    const auto plain = [](std::string text) {
      text = lower_case(text);
      return text.ends_with(":80") ? text.substr(0, text.size() - 3) : text;
    };
    if (!host_.empty() && plain(host_) != plain(hosts[0])) return false;
    host_ = hosts[0];
    return true;
  }

  // RFC 9112, 6.3.
  bool body(std::string& payload) {
    const std::vector<std::string> codings = values("transfer-encoding");
    const std::vector<std::string> lengths = values("content-length");
    framing_.clear();
    if (codings.size() + lengths.size() > 1) return false;
    if (!codings.empty() && (lower_case(codings[0]) != "chunked" || minor_ == '0')) return false;
    if (!lengths.empty()) {
      const std::string& digits = lengths[0];
      if (digits.empty() || digits.size() > 19 || digits.find_first_not_of(kDigits) != std::string::npos) return false;
    }
    const bool never = role_ != Role::requests && (status_ / 100 == 1 || status_ == 204);
    if (never) return codings.empty() && lengths.empty();
    if (role_ == Role::replies_to_head || status_ == 304) return true;
    if (!codings.empty()) {
      framing_ = "Transfer-Encoding: chunked\r\n";
      return chunks(payload);
    }
    if (!lengths.empty()) {
      const std::uint64_t length = std::stoull(lengths[0]);
      framing_ = "Content-Length: " + std::to_string(length) + "\r\n";
      if (text_.size() - at_ < length) return false;
      payload = text_.substr(at_, length);
      at_ += length;
      return true;
    }
    if (role_ == Role::requests) return true;
    payload = text_.substr(at_);
    at_ = text_.size();
    return true;
  }

  // RFC 9112, 7.1: chunk-size [ chunk-ext ] CRLF chunk-data CRLF, the last of size 0 and followed by trailers.
  bool chunks(std::string& payload) {
    for (;;) {
      const std::string digits = run([](char c) { return among(c, kDigits) || among(c, "abcdefABCDEF"); });
      if (digits.empty() || digits.size() > 16 || !extensions() || !literal("\r\n")) return false;
      const std::uint64_t size = std::stoull(digits, nullptr, 16);
      if (size == 0) break;
      if (text_.size() - at_ < size) return false;
      payload += text_.substr(at_, size);
      at_ += size;
      if (!literal("\r\n")) return false;
    }
    const std::vector<Line> head = std::move(fields_);
    fields_.clear();
    const bool read = field_lines();
    fields_ = head;
    return read;
  }

  // *( ";" token [ "=" ( token / quoted-string ) ] )
  bool extensions() {
    while (literal(";")) {
      if (token().empty()) return false;
      if (literal("=") && !quoted() && token().empty()) return false;
    }
    return true;
  }

  bool quoted() {
    if (!literal("\"")) return false;
    while (at_ < text_.size() && !literal("\"")) {
      literal("\\");
      if (at_ == text_.size() || !(is_field_vchar(text_[at_]) || among(text_[at_], " \t"))) return false;
      ++at_;
    }
    return text_[at_ - 1] == '"';
  }

  // RFC 9110, 7.6.1; Host, length and expectation are the next hop's own.
  [[nodiscard]] bool is_end_to_end(const std::string& name) const {
    for (const std::string_view own :
         {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
          "http2-settings", "proxy-authenticate", "proxy-authorization", "host", "content-length", "expect"}) {
      if (name == own) return false;
    }
    for (const std::string& list : values("connection")) {
      std::string_view rest = list;
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        std::string element(rest.substr(0, comma));
        element.erase(0, std::min(element.find_first_not_of(" \t"), element.size()));
        element.erase(element.find_last_not_of(" \t") + 1);
        if (lower_case(element) == name) return false;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
    return true;
  }

  std::string_view text_;
  Role role_;
  std::size_t at_ = 0;
  char minor_ = '1';
  int status_ = 0;
  std::string method_, host_, first_line_, framing_;
  std::vector<Line> fields_;
};

}  // namespace

std::vector<Meaning> read_by_grammar(std::string_view bytes, Role role) {
  Grammar grammar(bytes, role);
  std::vector<Meaning> messages;
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::optional<Meaning> message = grammar.message(at);
    if (!message) break;
    at = message->end;
    messages.push_back(std::move(*message));
  }
  return messages;
}

}  // namespace wp::http::test
