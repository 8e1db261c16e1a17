// A daemon's admin endpoints on a thread of their own, answering what a test says, for a client that blocks.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "controlplane/admin_server.h"

namespace wp::ctl {

inline std::string temporary_path(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("wp-ctl-" + name + "-" + std::to_string(::getpid()))).string();
}

class Served {
 public:
  explicit Served(control::AdminHandler handler)
      : socket(temporary_path("socket")), server_(io_, std::move(handler)), work_(io_.get_executor()) {
    const auto listening = server_.listen_control(control::ControlSocket{.path = socket});
    EXPECT_TRUE(listening.has_value()) << (listening ? "" : listening.error());
    address = to_string(server_.listen(parse_endpoint("127.0.0.1:0").value()).value());
    thread_ = std::thread([this] { io_.run(); });
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    io_.stop();
    thread_.join();
  }

  std::string socket;
  std::string address;

 private:
  boost::asio::io_context io_{1};
  control::AdminServer server_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace wp::ctl
