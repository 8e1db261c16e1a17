// warmpath-load: one thread, one transport, one workload.
#include <cstdio>
#include <memory>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "controlplane/clock.h"
#include "tools/load/load.h"
#include "tools/load/options.h"
#include "tools/load/report.h"
#include "tools/load/trace_workload.h"
#include "tools/loop/transport.h"

namespace wp::load {
namespace {

Duration processor_time() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return seconds(t.tv_sec) + micros(t.tv_usec); };
  return of(used.ru_utime) + of(used.ru_stime);
}

// A run that says each second how it goes, where somebody looks.
class Watched {
 public:
  Watched(Load& load, bool shown) : load_(load), next_(shown ? load.start() + seconds(1) : kNever) {}

  void step(Instant now) {
    load_.step(now);
    if (now < next_) return;
    const std::uint64_t ok = load_.tally().of(Outcome::ok);
    const Duration since = now - next_ + seconds(1);
    const double rate = static_cast<double>(ok - ok_) / since.seconds();
    std::fprintf(stderr, "\r\x1b[K%s",
                 progress_line(load_.tally(), now - load_.start(), load_.in_flight(), rate).c_str());
    ok_ = ok;
    next_ = now + seconds(1);
    shown_ = true;
  }
  [[nodiscard]] Instant next_deadline() const { return earlier(load_.next_deadline(), next_); }
  void clear() const {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  Load& load_;
  Instant next_;
  std::uint64_t ok_ = 0;
  bool shown_ = false;
};

std::string number_text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string loop_text(const LoadConfig& config) {
  if (config.rate > 0) return "open loop, " + number_text(config.rate) + " requests/s";
  if (config.speed_up > 0) return "the trace's times, " + number_text(config.speed_up) + " times as fast";
  return "closed loop, " + std::to_string(config.connections) + " clients";
}

std::unique_ptr<Workload> open_workload(const Options& options) {
  if (options.trace.empty()) return make_workload(options.workload);
  auto trace = TraceWorkload::open(options.trace, options.workload);
  if (trace) return std::move(*trace);
  std::fprintf(stderr, "warmpath-load: %s\n", trace.error().c_str());
  return nullptr;
}

template <net::Transport Net>
int drive(Net& net, stream::PortTable& ports, const Options& options) {
  const auto workload = open_workload(options);
  if (workload == nullptr) return 1;
  const Duration cpu_before = processor_time();
  Load load(ports, *workload, options.load, control::monotonic_now());
  Watched watched(load, !options.quiet && isatty(STDERR_FILENO) != 0);
  Instant ended = load.start();
  loop::run(net, watched, [&](Instant now) {
    ended = now;
    return load.done();
  });
  load.stop();
  watched.clear();
  const Duration sent_for = earlier(ended, load.start() + options.load.duration) - load.start();
  const RunFacts facts = {options.target, options.trace.empty() ? options.workload_name : options.trace,
                          loop_text(options.load), sent_for - options.load.warm_up, processor_time() - cpu_before};
  const std::string report = options.json ? report_json(load.tally(), facts) : report_text(load.tally(), facts);
  std::fputs(report.c_str(), stdout);
  if (!workload->failure().empty()) {
    std::fprintf(stderr, "warmpath-load: %s\n", workload->failure().c_str());
    return 1;
  }
  return load.tally().failed() == 0 && load.tally().of(Outcome::ok) > 0 ? 0 : 3;
}

int run(const Options& options) {
  loop::raise_descriptor_limit();
  stream::StreamLimits limits;
  limits.ports = options.load.connections * 2 + 256;  // those of a broken or fresh connection close a while longer
  stream::PortTable ports(limits);
  return loop::with_transport(options.transport, "warmpath-load", ports,
                              [&](auto& net) { return drive(net, ports, options); });
}

}  // namespace
}  // namespace wp::load

int main(int count, char** arguments) {
  const auto options = wp::load::read_options(count, arguments);
  if (options) return wp::load::run(*options);
  std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
  return options.error().status;
}
