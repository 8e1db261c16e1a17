// A trace as a workload: its requests in its order, with its times. Both formats of tools/lab/trace_line.h, plain or
// compressed; lines are read as they are needed, so that a trace may be longer than memory.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "tools/lab/line_source.h"
#include "tools/lab/trace_line.h"
#include "tools/load/workload.h"

namespace wp::load {

class TraceWorkload final : public Workload {
 public:
  // Requests get the config's model and are streamed or not as its style says; replies are as long as the trace says,
  // else as the request itself, else as the style. The error is one line that names the file.
  [[nodiscard]] static std::expected<std::unique_ptr<TraceWorkload>, std::string> open(const std::string& path,
                                                                                       const WorkloadConfig& config);
  [[nodiscard]] std::optional<Request> next() override;
  [[nodiscard]] const std::string& failure() const override { return failure_; }

 private:
  TraceWorkload(lab::LineSource source, const WorkloadConfig& config) : source_(std::move(source)), config_(config) {}
  [[nodiscard]] std::expected<bool, std::string> read_line(std::string_view& line);
  [[nodiscard]] std::expected<Request, std::string> make(std::string_view line);
  [[nodiscard]] Request from_mooncake(const lab::MooncakeLine& line) const;
  [[nodiscard]] std::expected<Request, std::string> from_chat(const lab::ChatLine& line) const;

  lab::LineSource source_;
  WorkloadConfig config_;
  lab::TraceFormat format_ = lab::TraceFormat::automatic;
  std::optional<Duration> first_;  // time of the first request
  Duration last_;                  // of the last one: times never go back
  std::string failure_;
};

}  // namespace wp::load
