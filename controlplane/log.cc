#include "controlplane/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace wp::control::log {
namespace {

constexpr const char* kName = "warmpathd";

void write(spdlog::level::level_enum level, std::string_view line) {
  if (const auto logger = spdlog::get(kName)) logger->log(level, "{}", line);
}

}  // namespace

void open() {
  auto logger = std::make_shared<spdlog::logger>(kName, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // UTC, so that lines of several nodes can be laid side by side.
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void info(std::string_view line) {
  write(spdlog::level::info, line);
}
void warn(std::string_view line) {
  write(spdlog::level::warn, line);
}
void error(std::string_view line) {
  write(spdlog::level::err, line);
}

}  // namespace wp::control::log
