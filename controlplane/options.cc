#include "controlplane/options.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <functional>
#include <utility>

#include <CLI/CLI.hpp>

#include "controlplane/duration_text.h"
#include "controlplane/nearest.h"
#include "controlplane/option_values.h"

namespace wp::control {
namespace {

constexpr const char* kDescription =
    "warmpathd: an edge load balancer for LLM replicas. It sends each request to the replica whose cached state fits.\n"
    "It speaks plain HTTP/1.1: run it behind a TLS terminator.";

// The options and the values they write, while CLI11 walks the arguments.
class Reader {
 public:
  Reader(CLI::App& app, Options& options) : app_(app), options_(options) {}

  void declare_all() {
    declare_service();
    declare_replicas();
    declare_health();
    declare_requests();
    declare_limits();
    declare_timeouts();
    declare_log();
    declare_process();
  }

 private:
  using Read = std::function<Problem(const std::string&)>;

  [[noreturn]] static void refuse(const std::string& name, const std::string& text, const std::string& problem) {
    throw CLI::ValidationError(name + " '" + text + "'", problem);
  }

  CLI::Option* one(const std::string& name, const char* type, const std::string& help, const std::string& fallback,
                   Read read) {
    const auto take = [name, read = std::move(read)](const std::string& text) {
      if (const Problem problem = read(text)) refuse(name, text, *problem);
    };
    CLI::Option* option = app_.add_option_function<std::string>(name, take, help)->type_name(type)->group(group_);
    if (!fallback.empty()) option->default_str(fallback);
    return option;
  }

  void many(const std::string& name, const char* type, const std::string& help, Read read) {
    const auto take = [name, read = std::move(read)](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) {
        if (const Problem problem = read(text)) refuse(name, text, *problem);
      }
    };
    app_.add_option_function<std::vector<std::string>>(name, take, help)
        ->type_name(type)
        ->group(group_)
        ->allow_extra_args(false);
  }

  void number(const std::string& name, const std::string& help, std::uint32_t low, std::uint32_t high,
              std::uint32_t& value, std::string fallback = {}) {
    if (fallback.empty()) fallback = std::to_string(value);
    one(name, "N", help, fallback,
        [low, high, &value](const std::string& t) { return read_number(t, low, high, value); });
  }

  void timeout(const std::string& name, const std::string& help, Duration& value) {
    one(name, "TIME", help, to_string(value), [&value](const std::string& t) { return read_timeout(t, value); });
  }

  // A repeatable option whose first use replaces the list of defaults.
  void replacing(const std::string& name, const char* type, const std::string& help, std::vector<std::string>& list,
                 Problem (*read)(const std::string&, std::string&)) {
    many(name, type, help, [&list, read, fresh = true](const std::string& text) mutable -> Problem {
      if (std::exchange(fresh, false)) list.clear();
      std::string value;
      if (Problem problem = read(text, value)) return problem;
      list.push_back(std::move(value));
      return {};
    });
  }

  static Problem read_endpoint(const std::string& text, Endpoint& value) {
    const auto parsed = parse_endpoint(text);
    if (!parsed) return "an address and port are wanted, such as 0.0.0.0:8080 or [::]:8080";
    value = *parsed;
    return {};
  }

  void declare_service() {
    group_ = "Service";
    many("--listen", "ADDRESS:PORT", "where clients connect; repeatable [0.0.0.0:8080]",
         [this](const std::string& text) -> Problem {
           Endpoint endpoint;
           if (Problem problem = read_endpoint(text, endpoint)) return problem;
           if (endpoint.port != 0 && std::ranges::count(options_.listen, endpoint) > 0) return "given twice";
           options_.listen.push_back(endpoint);
           return {};
         });
    one("--admin", "ADDRESS:PORT", "where metrics and health are read; changes nothing", wp::to_string(options_.admin),
        [this](const std::string& t) { return read_endpoint(t, options_.admin); });
    one("--control-socket", "PATH", "Unix socket, for the owner only, where replicas are changed at run time [none]",
        "", [this](const std::string& text) -> Problem {
          constexpr std::size_t kMaxPath = 107;  // sockaddr_un
          if (text.empty() || text.size() > kMaxPath) return "a path of 1 to 107 bytes is wanted";
          options_.control_socket = text;
          return {};
        });
  }

  void declare_replicas() {
    group_ = "Replicas";
    many("--replica", "URL", "http://HOST:PORT or HOST:PORT, may end in ,weight=N,priority=N; repeatable",
         [this](const std::string& text) -> Problem {
           auto spec = parse_replica_spec(text);
           if (!spec) return spec.error().substr(text.size() + 4);  // the text is quoted already
           const auto same = [&](const ReplicaSpec& other) { return other.name == spec->name; };
           if (std::ranges::any_of(options_.replicas, same)) return spec->name + " is given twice";
           options_.replicas.push_back(std::move(*spec));
           return {};
         });
    one("--strategy", "NAME", "prefix, least-loaded or round-robin", std::string(word(options_.strategy)),
        [this](const std::string& t) { return read_strategy(t, options_.strategy); });
    one("--load-factor", "C", "a replica takes up to C times its fair share of the load",
        CLI::detail::to_string(options_.load_factor),
        [this](const std::string& t) { return read_factor(t, options_.load_factor); });
    number("--ring-slots", "slots of the ring; the same on nodes that must agree", 256, 1U << 20U, options_.ring_slots);
    timeout("--resolve-seconds", "how often names of replicas are looked up again", options_.resolve_interval);
  }

  void declare_health() {
    group_ = "Health checks of replicas";
    HealthPolicy& health = options_.health;
    app_.add_flag_callback(
            "--no-health-checks", [&health] { health.enabled = false; }, "take every replica as up")
        ->group(group_);
    one("--health-path", "PATH", "asked with GET: 200 is up, 503 loads, 404 has no such page and is up", health.path,
        [&health](const std::string& t) { return read_path(t, health.path); });
    timeout("--health-interval", "between two checks; an eighth of it while a replica's state is uncertain",
            health.interval);
    timeout("--health-timeout", "a check, from the connect to the reply's end", health.timeout);
    number("--health-rise", "passed checks in a row that bring a replica up", 1, 100, health.rise);
    number("--health-fall", "failed checks in a row that take it down", 1, 100, health.fall);
  }

  void declare_requests() {
    group_ = "Requests";
    RequestPathOptions& path = options_.path;
    app_.add_flag("--decision-headers", path.decision_headers,
                  "tell clients which replica answered and why (x-warmpath-replica, x-warmpath-decision)")
        ->group(group_);
    replacing("--session-header", "NAME", "a header that carries the session; repeatable, replaces the known list",
              path.session_headers, read_header_name);
    replacing("--pass-path", "PATH", "a path passed on besides the APIs; repeatable, replaces the known list",
              path.pass_paths, read_path);
    one("--probe-path", "PATH", "answer PATH/live and PATH/ready on the traffic port, without a replica [no]", "",
        [&path](const std::string& t) -> Problem {
          if (t.ends_with('/')) return "it ends without '/'";
          return read_path(t, path.probe_prefix);
        });
    one("--hash-key", "HEX", "keys the session and prefix hashes; the same on nodes that must agree [0]", "",
        [&path](const std::string& t) { return read_hex_key(t, path.hash_key); });
    constexpr std::uint32_t kMaxBody = 256U << 20U;
    one("--max-body", "BYTES", "largest request body", std::to_string(path.max_body),
        [&path](const std::string& t) { return read_bytes(t, 4096, kMaxBody, path.max_body); });
    one("--max-head", "BYTES", "largest head of a request or reply", std::to_string(path.max_head),
        [&path](const std::string& t) { return read_bytes(t, 1024, 65'536, path.max_head); });
    number("--max-headers", "most header fields of a request or reply", 8, 128, path.max_headers);
  }

  // Of each shard.
  void declare_limits() {
    group_ = "Limits";
    RequestPathOptions& path = options_.path;
    number("--max-connections", "client connections that each shard may hold", 1, 1'000'000, path.max_connections);
    number("--max-per-source", "of these, connections of one IPv4 address or IPv6 /64; 0: no limit", 0, 1'000'000,
           path.max_per_source);
    number("--max-requests", "requests that each shard may have in flight", 1, 1'000'000, path.max_requests);
    number("--max-heads", "requests a shard that may be read, or wait for the first byte of their reply", 1, 1'000'000,
           path.max_heads);
    number("--body-min-rate", "bytes a second of a request's body, after --body-timeout; 0: none", 0, 1U << 30U,
           path.body_min_rate);
    number("--client-min-rate", "bytes a second that a client reads, over --client-timeout; 0: none", 0, 1U << 30U,
           path.client_min_rate);
  }

  void declare_timeouts() {
    group_ = "Timeouts (a number of seconds, or with ms, s, m)";
    RequestPathOptions& path = options_.path;
    timeout("--head-timeout", "a request's head", path.head_timeout);
    timeout("--body-timeout", "between two pieces of a request's body", path.body_timeout);
    timeout("--keep-alive-timeout", "a client connection without a request", path.keep_alive_timeout);
    timeout("--connect-timeout", "connecting to a replica", path.connect_timeout);
    timeout("--first-byte-timeout", "from the request to the first byte of the reply's body", path.first_byte_timeout);
    timeout("--idle-timeout", "between two pieces of a reply", path.idle_timeout);
    timeout("--client-timeout", "a client that does not read its reply", path.client_timeout);
    timeout("--upstream-idle-timeout", "an unused connection to a replica is kept; below the replica's own keep-alive",
            path.upstream_idle_timeout);
    one("--drain-delay", "TIME", "after SIGTERM, how long it says that it is not ready and serves on", "0ms",
        [this](const std::string& t) { return read_duration(t, options_.drain_delay); });
    timeout("--drain-seconds", "how long requests may finish after SIGTERM", options_.drain_timeout);
  }

  void declare_log() {
    group_ = "Access log";
    one("--access-log", "PATH", "one line a request, appended to this file; - is standard output, off is none", "off",
        [this](const std::string& text) -> Problem {
          if (text.empty()) return "a path, - or off is wanted";
          options_.access_log = text == "off" ? "" : text;
          return {};
        });
    one("--access-log-format", "NAME", "json or text", std::string(word(options_.access_log_format)),
        [this](const std::string& t) { return read_access_format(t, options_.access_log_format); });
    one("--access-log-ring", "N", "records of each shard that may wait for the writer; rounded up to a power of two",
        std::to_string(options_.access_log_ring), [this](const std::string& t) -> Problem {
          if (Problem problem = read_number(t, 64, 1U << 20U, options_.access_log_ring)) return problem;
          options_.access_log_ring = std::bit_ceil(options_.access_log_ring);
          return {};
        });
  }

  void declare_process() {
    group_ = "Process";
    number("--shards", "threads that serve; 0 is one less than the cores", 0, kMaxShards, options_.shards);
    one("--transport", "NAME", "auto, io_uring or epoll", "auto",
        [this](const std::string& t) { return read_transport(t, options_.transport); });
    CLI::Option* pin =
        app_.add_flag("--pin")->description("tie each shard to a core of its own; so it is unless --no-pin");
    pin->group(group_);
    app_.add_flag_callback(
            "--no-pin", [this] { options_.pin = false; }, "let shards run on any core")
        ->group(group_)
        ->excludes(pin);
    const auto name = [](std::string& value) {
      return [&value](const std::string& text) -> Problem {
        if (text.empty()) return "a name or number is wanted";
        value = text;
        return {};
      };
    };
    one("--user", "NAME", "whom to become once everything is open, when started as root [stay]", "",
        name(options_.user));
    one("--group", "NAME", "with --user: the group; else it is the user's own", "", name(options_.group));
    const auto print = [this](Action action) { return [this, action] { options_.action = action; }; };
    app_.add_flag_callback("--print-reasons", print(Action::print_reasons), "print the table of reasons and exit")
        ->group(group_);
    app_.add_flag_callback("--print-strictness", print(Action::print_strictness), "print the verdict table and exit")
        ->group(group_);
    app_.add_flag_callback("--print-metrics", print(Action::print_metrics), "print the table of metrics and exit")
        ->group(group_);
    app_.add_flag_callback("--print-access-log", print(Action::print_access_log),
                           "print the page of the access log and exit")
        ->group(group_);
  }

  CLI::App& app_;
  Options& options_;
  std::string group_;
};

ParseStop wrong(std::string message) {
  std::ranges::replace(message, '\n', ' ');
  return {2, "warmpathd: " + message + "\n"};
}

// An argument that no option takes: says so, and which option was probably meant.
ParseStop unexpected_argument(const CLI::App& app, const std::string& argument) {
  if (!argument.starts_with("-")) return wrong("unexpected argument '" + argument + "'");
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view meant = nearest(argument.substr(0, argument.find('=')), views);
  std::string message = "unknown option '" + argument + "'";
  if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
  return wrong(message);
}

}  // namespace

std::expected<Options, ParseStop> parse_options(const std::vector<std::string>& arguments,
                                                const RequestPathOptions& defaults, const std::string& version) {
  Options options;
  options.path = defaults;
  options.admin = parse_endpoint("127.0.0.1:9090").value();
  CLI::App app(kDescription, "warmpathd");
  app.set_version_flag("--version", version);
  app.option_defaults()->always_capture_default(false);
  app.allow_extras();
  Reader reader(app, options);  // the options' callbacks live in it until the arguments are parsed
  reader.declare_all();
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(ParseStop{0, app.help()});
  } catch (const CLI::CallForVersion&) {
    return std::unexpected(ParseStop{0, version + "\n"});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(wrong(error.what()));
  }
  if (const auto extras = app.remaining(); !extras.empty()) {
    return std::unexpected(unexpected_argument(app, extras.front()));
  }
  if (options.action != Action::serve) return options;
  if (options.listen.empty()) options.listen.push_back(parse_endpoint("0.0.0.0:8080").value());
  if (options.replicas.empty() && options.control_socket.empty()) {
    return std::unexpected(wrong("no replica: give --replica URL, or --control-socket PATH to add them at run time"));
  }
  return options;
}

}  // namespace wp::control
