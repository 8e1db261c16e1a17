#include "tools/lab/read_trace.h"

#include "tools/lab/line_source.h"

namespace wp::lab {
namespace {

using Trouble = std::unexpected<std::string>;

template <class Line>
std::expected<void, std::string> add(TraceBuilder& builder, const std::expected<Line, std::string>& line) {
  if (!line) return Trouble(line.error());
  return builder.add(*line);
}

}  // namespace

std::expected<Trace, std::string> read_trace(const std::string& path, TraceFormat format, const TraceConfig& config) {
  auto source = LineSource::open(path);
  if (!source) return Trouble(source.error());
  TraceBuilder builder(config, path.substr(path.rfind('/') + 1));
  std::string_view line;
  for (;;) {
    const auto more = source->next(line);
    if (!more) return Trouble(more.error());
    if (!*more) break;
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (format == TraceFormat::automatic) {
      const auto found = format_of(line);
      if (!found) return Trouble(source->complaint(found.error()));
      format = *found;
    }
    const auto added =
        format == TraceFormat::mooncake ? add(builder, read_mooncake(line)) : add(builder, read_chat(line));
    if (!added) return Trouble(source->complaint(added.error()));
  }
  Trace trace = builder.take();
  if (trace.requests.empty()) return Trouble(path + ": no requests in it");
  return trace;
}

}  // namespace wp::lab
