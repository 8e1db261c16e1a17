#include "tools/ctl/postmortem.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <ostream>
#include <span>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "controlplane/postmortem_reader.h"
#include "dataplane/base/pool.h"
#include "tools/ctl/file_text.h"

namespace wp::ctl {
namespace {

namespace postmortem = control::postmortem;
using Json = nlohmann::json;
using postmortem::Header;
using postmortem::Report;
using postmortem::ShardEvent;

struct Wanted {
  std::string file;
  std::string exchange;
  std::uint32_t last = 0;  // 0: all
};

std::string hex(std::uint64_t value) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

// "1/17.3": the shard, and place and generation of a connection or exchange in it.
std::string identity(std::uint32_t shard, std::uint64_t packed) {
  if (packed == 0) return "-";
  const Handle handle = Handle::unpack(packed);
  return std::to_string(shard) + "/" + std::to_string(handle.index) + "." + std::to_string(handle.generation);
}

std::string wall_clock(std::int64_t unix_ns) {
  using namespace std::chrono_literals;
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(unix_ns)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::microseconds>(time - day));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::vector<ShardEvent> chosen(const Report& report, const Wanted& wanted) {
  std::vector<ShardEvent> events;
  std::ranges::copy_if(report.events, std::back_inserter(events), [&](const ShardEvent& at) {
    return wanted.exchange.empty() || identity(at.shard, at.event.exchange) == wanted.exchange;
  });
  if (wanted.last > 0 && events.size() > wanted.last) {
    events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(wanted.last));
  }
  return events;
}

std::string signal_text(std::int32_t signal) {
  if (signal == 0) return "none: it was asked for";
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : "SIG" + std::string(name);
}

Json json_of(const Report& report, const std::vector<ShardEvent>& events) {
  const Header& header = report.header;
  Json registers = Json::object();
  const auto names = postmortem::register_names(header.machine);
  for (std::size_t i = 0; i < std::min<std::size_t>(header.register_count, names.size()); ++i) {
    registers[std::string(names[i])] = hex(header.registers[i]);
  }
  Json frames = Json::array();
  for (std::uint32_t i = 0; i < header.frame_count; ++i) frames.push_back(hex(header.frames[i]));
  Json list = Json::array();
  for (const auto& [shard, event] : events) {
    list.push_back({{"time", wall_clock(header.unix_ns - (header.monotonic_ns - event.at.ns))},
                    {"before_end_ns", header.monotonic_ns - event.at.ns},
                    {"shard", shard},
                    {"kind", report.kind_of(event)},
                    {"reason", event.reason == Reason::none ? Json() : Json(report.reason_of(event))},
                    {"client", identity(shard, event.client)},
                    {"exchange", event.exchange == 0 ? Json() : Json(identity(shard, event.exchange))},
                    {"replica", event.replica == FlightEvent::kNoReplica ? Json() : Json(event.replica)},
                    {"status", event.status == 0 ? Json() : Json(event.status)},
                    {"number", event.number},
                    {"hash", event.hash == 0 ? Json() : Json(hex(event.hash))}});
  }
  return {{"version", postmortem::text_of(header.program_version)},
          {"build_id", postmortem::text_of(header.build_id)},
          {"time", wall_clock(header.unix_ns)},
          {"process", header.process},
          {"thread", header.thread},
          {"thread_name", postmortem::text_of(header.thread_name)},
          {"signal", header.signal},
          {"signal_name", signal_text(header.signal)},
          {"code", header.code},
          {"address", hex(header.address)},
          {"assertion", postmortem::text_of(header.assertion)},
          {"load_base", hex(header.load_base)},
          {"shards", header.shards},
          {"registers", registers},
          {"frames", frames},
          {"cut", report.cut},
          {"events", list}};
}

void write_head(std::ostream& out, const Report& report) {
  const Header& header = report.header;
  out << "warmpathd " << postmortem::text_of(header.program_version) << ", build "
      << postmortem::text_of(header.build_id) << "\n"
      << "at " << wall_clock(header.unix_ns) << ", process " << header.process << ", thread " << header.thread << " ("
      << postmortem::text_of(header.thread_name) << ")\n"
      << "signal " << signal_text(header.signal);
  if (header.signal != 0) out << ", code " << header.code << ", address " << hex(header.address);
  out << "\n";
  if (header.assertion[0] != '\0') out << "assertion failed: " << postmortem::text_of(header.assertion) << "\n";
  const auto names = postmortem::register_names(header.machine);
  for (std::size_t i = 0; i < std::min<std::size_t>(header.register_count, names.size()); ++i) {
    out << (i % 4 == 0 ? "\n  " : "  ") << names[i] << " " << hex(header.registers[i]);
  }
  if (header.register_count > 0) out << "\n";
  if (header.frame_count > 0) out << "\nreturn addresses, for addr2line -e warmpathd:\n";
  for (std::uint32_t i = 0; i < header.frame_count; ++i) {
    out << "  " << hex(header.frames[i]) << "  in the program " << hex(header.frames[i] - header.load_base) << "\n";
  }
  if (report.cut) out << "\nthe file is cut: its last ring is not whole\n";
}

void write_event(std::ostream& out, const Report& report, const ShardEvent& at) {
  const FlightEvent& event = at.event;
  std::array<char, 32> when{};
  const double before = static_cast<double>(event.at.ns - report.header.monotonic_ns) / 1e9;
  std::snprintf(when.data(), when.size(), "%+14.6f", before);
  out << when.data() << "  client " << identity(at.shard, event.client);
  if (event.exchange != 0) out << "  exchange " << identity(at.shard, event.exchange);
  out << "  " << report.kind_of(event);
  if (event.reason != Reason::none) out << " " << report.reason_of(event);
  if (event.status != 0) out << "  status " << event.status;
  if (event.replica != FlightEvent::kNoReplica) out << "  replica #" << event.replica;
  if (const std::string_view unit = number_meaning(event.kind); !unit.empty())
    out << "  " << unit << " " << event.number;
  if (event.hash != 0) out << "  hash " << hex(event.hash);
  out << "\n";
}

Outcome<void> show(const Context& context, const Wanted& wanted) {
  // The largest file there can be is a few times this format's; more is something else.
  constexpr std::size_t kMostBytes = 256U << 20U;
  const auto bytes = read_file(wanted.file, kMostBytes);
  if (!bytes) return std::unexpected(bytes.error());
  const auto report = postmortem::read(*bytes);
  if (!report) return trouble(ExitCode::garbled, wanted.file + ": " + report.error());
  const std::vector<ShardEvent> events = chosen(*report, wanted);
  if (context.json) {
    print_json(context, json_of(*report, events));
    return {};
  }
  write_head(context.out, *report);
  context.out << "\n" << events.size() << " of " << report->events.size() << " events, seconds before the end:\n";
  for (const ShardEvent& event : events) write_event(context.out, *report, event);
  return {};
}

}  // namespace

void declare_postmortem(CLI::App& root, Context& context) {
  const auto wanted = std::make_shared<Wanted>();
  CLI::App& app = add_command(
      root, context,
      {"postmortem",
       "the last events of every shard, from the file that a warmpathd left when it died",
       {"postmortem postmortem-4711-1767225600.wpf --last 200",
        "postmortem FILE --exchange 1/17.3    # one request's story", "postmortem FILE --json | jq .events"}},
      [&context, wanted] { return show(context, *wanted); });
  context.completes(*app.add_option("FILE", wanted->file, "the file")->required()->type_name(""), Names::files);
  app.add_option("--last", wanted->last, "no more than the last N events")->type_name("N");
  app.add_option("--exchange", wanted->exchange, "only this exchange, as the timeline names it")->type_name("ID");
}

}  // namespace wp::ctl
