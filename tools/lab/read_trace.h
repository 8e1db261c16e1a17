// A whole trace from a file.
#pragma once

#include <expected>
#include <string>

#include "tools/lab/trace.h"
#include "tools/lab/trace_builder.h"
#include "tools/lab/trace_line.h"

namespace wp::lab {

// Empty lines are passed over; `automatic` goes by the first that is not. The error is one line with the file and,
// where a line is at fault, its number.
[[nodiscard]] std::expected<Trace, std::string> read_trace(const std::string& path, TraceFormat format,
                                                           const TraceConfig& config);

}  // namespace wp::lab
