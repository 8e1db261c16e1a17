// A request to the admin endpoints and what is answered to it, before and after the bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace wp::control {

struct AdminRequest {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  bool may_change = false;  // it came over the control socket
  bool may_report = false;  // over that, or from our own reporter

  [[nodiscard]] bool reads() const { return method == "GET" || method == "HEAD"; }
};

struct AdminReply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // of a 405: the methods there are
  // When it is set, the rest is empty: the reply comes through what is handed in here, once, on the control thread.
  std::function<void(std::function<void(AdminReply)> answer)> later = {};
};

[[nodiscard]] AdminReply json_reply(unsigned status, const nlohmann::json& body);

// An error as the admin endpoints write it: {"error": message}.
[[nodiscard]] AdminReply admin_error(unsigned status, std::string_view message);

// 405; `allow` lists the methods there are, as RFC 9110 section 10.2.1 writes them.
[[nodiscard]] AdminReply method_not_allowed(std::string_view allow);

// What the read-only listener answers to a change: 403.
[[nodiscard]] AdminReply control_only();

}  // namespace wp::control
