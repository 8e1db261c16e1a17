#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"

namespace wp::http::test {
namespace {

TEST(RequestLine, OriginFormIsReadIntoItsParts) {
  const ParsedRequest head = request("POST /v1/models?a=b?c HTTP/1.1\r\nHost: a.example:8080\r\n\r\n");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->method, Method::post);
  EXPECT_EQ(head->method_token(), "POST");
  EXPECT_EQ(head->target(), "/v1/models?a=b?c");
  EXPECT_EQ(head->path(), "/v1/models");
  EXPECT_EQ(head->host(), "a.example:8080");
  EXPECT_EQ(head->minor_version, 1);
}

TEST(RequestLine, EveryServedMethodIsKnown) {
  const std::pair<std::string, Method> methods[] = {
      {"GET", Method::get},     {"HEAD", Method::head},  {"POST", Method::post},      {"PUT", Method::put},
      {"PATCH", Method::patch}, {"DELETE", Method::del}, {"OPTIONS", Method::options}};
  for (const auto& [token, method] : methods) {
    const ParsedRequest head = request(token + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(head.complete()) << token;
    EXPECT_EQ(head->method, method) << token;
  }
}

TEST(RequestLine, OtherMethodsAreUnknown) {
  for (const std::string token : {"CONNECT", "TRACE", "PRI", "get", "Get", "GETT", "MKCOL", "QUERY", "G", "post", "PUR",
                                  "HEAP", "POSE", "PATCX", "DELETF", "OPTIONZ"}) {
    EXPECT_EQ(reason_of_request(token + " / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::method_unknown) << token;
  }
}

TEST(RequestLine, AMethodThatIsNoTokenIsRefused) {
  EXPECT_EQ(reason_of_request("GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("\x16\x03\x01 / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
}

TEST(RequestLine, SpacesAreExactlyTwo) {
  EXPECT_EQ(reason_of_request("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET \r\nHost: a\r\n\r\n"), Reason::bad_request_line);
}

TEST(RequestLine, OtherVersionsAreRefused) {
  for (const std::string version : {"HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/9.9", "HTTP/0.1"}) {
    EXPECT_EQ(reason_of_request("GET / " + version + "\r\nHost: a\r\n\r\n"), Reason::bad_version) << version;
  }
  for (const std::string version : {"http/1.1", "HTTP/1.", "HTTP/1.10", "HTTP/11.1", "HTTP/1,1", "HTTP 1.1", "ICE/1.0",
                                    "HTTP/x.1", "HTTP/1.x", "HTTP/-1.1", "H"}) {
    EXPECT_EQ(reason_of_request("GET / " + version + "\r\nHost: a\r\n\r\n"), Reason::bad_request_line) << version;
  }
}

TEST(RequestLine, Http2PrefaceIsRefused) {
  EXPECT_EQ(reason_of_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Reason::bad_version);
}

TEST(RequestLine, TargetsWithForbiddenBytesAreRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == ' ' || c == '\n' || c == '\r') continue;  // those end the target or the line
    if (c == '%') continue;                            // begins an escape: see below
    const bool allowed = byte > 0x20 && byte < 0x7f && c != '#';
    const Reason reason = reason_of_target(std::string("/a") + c + "b");
    EXPECT_EQ(reason, allowed ? Reason::none : Reason::bad_target) << byte;
  }
}

// What one server resolves and another takes as it stands would lead past the list of paths that may be passed on.
TEST(RequestLine, PathsThatServersResolveDifferentlyAreRefused) {
  for (const std::string path :
       {"/..",       "/.",           "/v1/../slots",  "/v1/./x",    "/v1/%2e%2E/x", "/v1/.%2e",
        "/v1/x/..",  "/%2e",         "/v1/x%2f..%2f", "/v1/x%5c..", "/v1\\..\\x",   "/v1/..;a/x",
        "/v1/..%3B", "/v1/x%2F%2e/", "/v1/%00",       "/v1/x%0a",   "/v1/%0D%0A",   "/v1/%7f",
        "/v1/%09",   "/v1/%",        "/v1/%2",        "/v1/%zz",    "/v1/%2g",      "/v1/x?/%",
        "/v1/..?q",  "/v1/%e"}) {
    const Reason expected = path == "/v1/x?/%" ? Reason::none : Reason::bad_target;  // a query is nobody's path
    EXPECT_EQ(reason_of_target(path), expected) << path;
    EXPECT_EQ(reason_of_target("http://a" + path), expected) << path;
  }
  for (const std::string path : {"/v1/models/org%2Fname", "/...", "/v1/..x", "/v1/x..", "/.well-known/x", "/a%20b",
                                 "/v1/x/..y/z", "/v1/%2e%2ex", "/v1/a;b=..", "/v1/x?y=/../z", "/v1/%41", "/v1//x"}) {
    EXPECT_EQ(reason_of_target(path), Reason::none) << path;
  }
}

TEST(RequestLine, TargetErrorsHaveTheirPosition) {
  const ParsedRequest head = request("GET /ab#c HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.reason(), Reason::bad_target);
  EXPECT_EQ(head.position(), 7U);
}

TEST(RequestLine, AsteriskFormIsForOptionsOnly) {
  const ParsedRequest head = request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->target(), "*");
  EXPECT_EQ(head->path(), "*");
  EXPECT_EQ(reason_of_target("*"), Reason::bad_target);
  EXPECT_EQ(reason_of_request("OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_target);
}

TEST(RequestLine, TargetsOfNoFormAreRefused) {
  for (const std::string target :
       {"a", "a:80", "?q", "https://a/", "ftp://a/", "http:/a/", "http:a", "http", "*", "//", "//b/", "/\\b"}) {
    EXPECT_EQ(reason_of_target(target), Reason::bad_target) << target;
  }
}

struct AbsoluteForm {
  std::string method, target, host;
  std::string_view seen_target, seen_path;
};

TEST(RequestLine, AbsoluteFormBecomesOriginForm) {
  const AbsoluteForm cases[] = {
      {"GET", "http://a/x?y", "a", "/x?y", "/x"},      {"GET", "http://a", "a", "/", "/"},
      {"GET", "http://a?x=/y", "a", "/?x=/y", "/"},    {"GET", "HTTP://A/", "a", "/", "/"},
      {"GET", "http://a:80/", "a", "/", "/"},          {"GET", "http://a/", "a:80", "/", "/"},
      {"OPTIONS", "http://a", "a", "*", "*"},          {"OPTIONS", "http://a?x", "a", "/?x", "/"},
      {"OPTIONS", "http://a/", "a", "/", "/"},         {"GET", "http://[::1]:8000", "[::1]:8000", "/", "/"},
      {"GET", "http://a/b//c", "a", "/b//c", "/b//c"},
  };
  for (const AbsoluteForm& c : cases) {
    const ParsedRequest head = request(c.method + " " + c.target + " HTTP/1.1\r\nHost: " + c.host + "\r\n\r\n");
    ASSERT_TRUE(head.complete()) << c.target;
    EXPECT_EQ(head->target(), c.seen_target) << c.target;
    EXPECT_EQ(head->path(), c.seen_path) << c.target;
    EXPECT_EQ(head->host(), c.host) << c.target;
    EXPECT_EQ(head->method_token(), c.method) << c.target;
  }
}

TEST(RequestLine, AbsoluteFormGivesHttp10ItsHost) {
  for (const std::string target : {"http://a.example:81", "http://a.example:81/", "http://a.example:81?q"}) {
    const ParsedRequest head = request("GET " + target + " HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(head.complete()) << target;
    EXPECT_EQ(head->host(), "a.example:81") << target;
  }
}

TEST(RequestLine, ATargetOverItsLimitIsTooLong) {
  HeadLimits limits;
  limits.target_bytes = 8;
  EXPECT_EQ(request("GET /2345678 HTTP/1.1\r\nHost: a\r\n\r\n", limits).reason(), Reason::none);
  EXPECT_EQ(request("GET /23456789 HTTP/1.1\r\nHost: a\r\n\r\n", limits).reason(), Reason::target_too_long);
}

TEST(RequestLine, ALineThatFillsTheHeadIsTooLong) {
  HeadLimits limits;
  limits.head_bytes = 64;
  const ParsedRequest head = request("GET /" + std::string(100, 'a'), limits);
  EXPECT_EQ(head.reason(), Reason::target_too_long);
  EXPECT_EQ(head.position(), 64U);
}

TEST(RequestLine, OneEmptyLineBeforeItIsSkipped) {
  const ParsedRequest head = request("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->method_token(), "GET");
  EXPECT_EQ(head.taken(), 29U);
  EXPECT_EQ(reason_of_request("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_line_end);
}

TEST(RequestLine, ASkippedEmptyLineLeavesTheReaderIdle) {
  EXPECT_TRUE(request("\r\n").reader().idle());
  EXPECT_FALSE(request("\r").reader().idle());
  EXPECT_FALSE(request("G").reader().idle());
}

}  // namespace
}  // namespace wp::http::test
