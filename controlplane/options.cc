#include "controlplane/options.h"

#include <algorithm>
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
class ArgumentReader {
 public:
  ArgumentReader(CLI::App& app, Options& options)
      : app_(app), options_(options), settings_(options.settings), pool_(options.settings.pools.emplace_back()) {}

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

  void declare_service() {
    group_ = "Service";
    app_.add_option("--config", options_.config_file,
                    "a file with all settings; instead of the other options [/etc/warmpath/warmpath.toml, if there]")
        ->type_name("FILE")
        ->group(group_);
    many("--listen", "ADDRESS:PORT", "where clients connect; repeatable [0.0.0.0:8080]",
         [this](const std::string& text) -> Problem {
           Endpoint endpoint;
           if (Problem problem = read_endpoint(text, endpoint)) return problem;
           std::vector<Endpoint>& listen = settings_.server.listen;
           if (endpoint.port != 0 && std::ranges::count(listen, endpoint) > 0) return "given twice";
           listen.push_back(endpoint);
           return {};
         });
    one("--admin", "ADDRESS:PORT", "where metrics and health are read; changes nothing",
        wp::to_string(settings_.admin.listen),
        [this](const std::string& t) { return read_endpoint(t, settings_.admin.listen); });
    one("--control-socket", "PATH", "Unix socket where warmpathctl changes replicas at run time; mode 0660 [none]", "",
        [this](const std::string& t) { return read_socket_path(t, settings_.admin.control_socket); });
    one("--control-group", "GROUP", "group that may use the control socket [that of the process]", "",
        [this](const std::string& t) { return read_line(t, settings_.admin.control_group); });
    one("--control-listen", "ADDRESS:PORT", "the same over TCP, for who has the token [none]", "",
        [this](const std::string& t) { return read_optional_endpoint(t, settings_.admin.control_listen); });
    one("--control-token-file", "FILE", "the token: one line, in a file that not everybody may read", "",
        [this](const std::string& t) { return read_line(t, settings_.admin.control_token_file); });
    one("--state", "FILE",
        "where run-time changes are kept over a restart; auto: /var/lib/warmpath/state.json where that can be written, "
        "none: nowhere",
        settings_.admin.state, [this](const std::string& t) { return read_state_path(t, settings_.admin.state); });
  }

  void declare_replicas() {
    group_ = "Replicas";
    many("--replica", "URL", "http://HOST:PORT or HOST:PORT, may end in ,weight=N,priority=N; repeatable",
         [this](const std::string& text) -> Problem {
           auto spec = parse_replica_spec(text);
           if (!spec) return spec.error().substr(text.size() + 4);  // the text is quoted already
           const auto same = [&](const ReplicaSpec& other) { return other.name == spec->name; };
           if (std::ranges::any_of(pool_.replicas, same)) return spec->name + " is given twice";
           pool_.replicas.push_back(std::move(*spec));
           return {};
         });
    one("--strategy", "NAME", "warm, kv, prefix, session, least-loaded or round-robin",
        std::string(word(pool_.strategy)), [this](const std::string& t) { return read_strategy(t, pool_.strategy); });
    one("--usage", "HOW", "ask: replicas are asked for the usage of streamed replies, for metrics; as-is: they are not",
        pool_.ask_usage ? "ask" : "as-is", [this](const std::string& t) { return read_usage(t, pool_.ask_usage); });
    one("--load-factor", "C", "a replica takes up to C times its fair share of the load",
        CLI::detail::to_string(pool_.bounds.factor),
        [this](const std::string& t) { return read_factor(t, pool_.bounds.factor); });
    number("--ring-slots", "slots of the ring; the same on nodes that must agree", 256, 1U << 20U, pool_.ring_slots);
    number("--kv-tokens", "tokens that a replica's KV cache holds, 0: not known", 0, 1'000'000'000, pool_.kv_tokens);
    timeout("--resolve-seconds", "how often names of replicas are looked up again", settings_.server.resolve_interval);
  }

  void declare_health() {
    group_ = "Health checks of replicas";
    HealthPolicy& health = pool_.health;
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
    RequestSettings& requests = settings_.requests;
    LimitSettings& limits = settings_.limits;
    app_.add_flag("--decision-headers", requests.decision_headers,
                  "tell clients which replica of which pool answered and why (x-warmpath-replica, -pool, -decision)")
        ->group(group_);
    replacing("--session-header", "NAME", "a header that carries the session; repeatable, replaces the known list",
              requests.session_headers, read_header_name);
    replacing("--session-field", "NAME",
              "a member of a body that names the session; repeatable, replaces the known list", requests.session_fields,
              read_session_field);
    replacing("--pass-path", "PATH", "a path passed on besides the APIs; repeatable, replaces the known list",
              requests.pass_paths, read_path);
    one("--probe-path", "PATH", "answer PATH/live and PATH/ready on the traffic port, without a replica [no]", "",
        [&requests](const std::string& t) { return read_probe_prefix(t, requests.probe_prefix); });
    one("--hash-key", "HEX", "keys the session and prefix hashes; the same on nodes that must agree [0]", "",
        [&requests](const std::string& t) { return read_hex_key(t, requests.hash_key); });
    constexpr std::uint32_t kMaxBody = 256U << 20U;
    one("--max-body", "BYTES", "largest request body", std::to_string(limits.body),
        [&limits](const std::string& t) { return read_bytes(t, 4096, kMaxBody, limits.body); });
    one("--max-head", "BYTES", "largest head of a request or reply", std::to_string(limits.head),
        [&limits](const std::string& t) { return read_bytes(t, 1024, 65'536, limits.head); });
    number("--max-headers", "most header fields of a request or reply", 8, 128, limits.headers);
  }

  // Of each shard.
  void declare_limits() {
    group_ = "Limits";
    LimitSettings& limits = settings_.limits;
    number("--max-connections", "client connections that each shard may hold", 1, 1'000'000, limits.connections);
    number("--max-per-source", "of these, connections of one IPv4 address or IPv6 /64; 0: no limit", 0, 1'000'000,
           limits.connections_per_source);
    number("--max-requests", "requests that each shard may have in flight", 1, 1'000'000, limits.requests);
    number("--max-heads", "requests a shard that may be read, or wait for the first byte of their reply", 1, 1'000'000,
           limits.heads);
    number("--body-min-rate", "bytes a second of a request's body, after --body-timeout; 0: none", 0, 1U << 30U,
           limits.body_min_rate);
    number("--client-min-rate", "bytes a second that a client reads, over --client-timeout; 0: none", 0, 1U << 30U,
           limits.client_min_rate);
  }

  void declare_timeouts() {
    group_ = "Timeouts (a number of seconds, or with ms, s, m)";
    balance::ClientTimeouts& client = settings_.client;
    balance::UpstreamTimeouts& upstream = pool_.timeouts;
    timeout("--head-timeout", "a request's head", client.head);
    timeout("--body-timeout", "between two pieces of a request's body", client.body);
    timeout("--keep-alive-timeout", "a client connection without a request", client.keep_alive);
    timeout("--connect-timeout", "connecting to a replica", upstream.connect);
    timeout("--first-byte-timeout", "from the request to the first byte of the reply's body", upstream.first_byte);
    timeout("--idle-timeout", "between two pieces of a reply", upstream.progress);
    timeout("--client-timeout", "a client that does not read its reply", client.progress);
    timeout("--upstream-idle-timeout", "an unused connection to a replica is kept; below the replica's own keep-alive",
            upstream.idle);
    one("--drain-delay", "TIME", "after SIGTERM, how long it says that it is not ready and serves on",
        to_string(settings_.server.drain_delay),
        [this](const std::string& t) { return read_duration(t, settings_.server.drain_delay); });
    timeout("--drain-seconds", "how long requests may finish after SIGTERM", settings_.server.drain_timeout);
  }

  void declare_log() {
    group_ = "Access log";
    LogSettings& log = settings_.log;
    one("--access-log", "PATH", "one line a request, appended to this file; - is standard output, off is none", "off",
        [&log](const std::string& t) { return read_access_log(t, log.access); });
    one("--access-log-format", "NAME", "json or text", std::string(word(log.access_format)),
        [&log](const std::string& t) { return read_access_format(t, log.access_format); });
    number("--access-log-ring", "records of each shard that may wait for the writer; rounded up to a power of two", 64,
           1U << 20U, log.access_ring);
  }

  void declare_process() {
    group_ = "Process";
    one("--postmortem-dir", "PATH",
        "where the last events of every shard go when the process dies; off is nowhere, auto is /var/lib/warmpath or "
        "else the working directory",
        "auto", [this](const std::string& t) { return read_postmortem_dir(t, settings_.log.postmortem_dir); });
    number("--shards", "threads that serve; 0 is one less than the cores", 0, kMaxShards, settings_.server.shards);
    one("--transport", "NAME", "auto, io_uring or epoll", "auto",
        [this](const std::string& t) { return read_transport(t, settings_.server.transport); });
    CLI::Option* pin =
        app_.add_flag("--pin")->description("tie each shard to a core of its own; so it is unless --no-pin");
    pin->group(group_);
    app_.add_flag_callback(
            "--no-pin", [this] { settings_.server.pin = false; }, "let shards run on any core")
        ->group(group_)
        ->excludes(pin);
    one("--user", "NAME", "whom to become once everything is open, when started as root [stay]", "",
        [this](const std::string& t) { return read_account(t, settings_.server.user); });
    one("--group", "NAME", "with --user: the group; else it is the user's own", "",
        [this](const std::string& t) { return read_account(t, settings_.server.group); });
    const auto print = [this](Action action) { return [this, action] { options_.action = action; }; };
    app_.add_flag_callback("--print-reasons", print(Action::print_reasons), "print the table of reasons and exit")
        ->group(group_);
    app_.add_flag_callback("--print-strictness", print(Action::print_strictness), "print the verdict table and exit")
        ->group(group_);
    app_.add_flag_callback("--print-config-reference", print(Action::print_config),
                           "print the table of settings and exit")
        ->group(group_);
    app_.add_flag_callback("--print-metrics", print(Action::print_metrics), "print the table of metrics and exit")
        ->group(group_);
    app_.add_flag_callback("--print-access-log", print(Action::print_access_log),
                           "print the page of the access log and exit")
        ->group(group_);
  }

  CLI::App& app_;
  Options& options_;
  Settings& settings_;
  PoolSettings& pool_;  // the one that the command line can describe
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
  const std::size_t name = std::min(argument.find_first_not_of('-'), argument.size());
  if (asks_for_tls(std::string_view(argument).substr(name))) {
    message += "; " + std::string(kNoTls);
  } else if (!meant.empty())
    message += "; did you mean " + std::string(meant) + "?";
  return wrong(message);
}

// The first option that was given besides --config, or nothing. Asking for a page is an action of its own.
std::string other_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0 && option->get_lnames().front() != "config") return "--" + option->get_lnames().front();
  }
  return {};
}

bool given(const CLI::App& app, const char* name) {
  return app.get_option(name)->count() > 0;
}

// Where the settings come from, and whether there are enough.
std::expected<Options, ParseStop> settle(const CLI::App& app, Options options, const std::string& default_file) {
  const bool simple = given(app, "--replica") || given(app, "--listen") || given(app, "--control-socket");
  if (options.config_file.empty() && !simple) options.config_file = default_file;
  if (!options.config_file.empty()) {
    const std::string other = other_option(app);
    if (other.empty()) return options;
    return std::unexpected(wrong(other + ": the settings come from " + options.config_file + ", write it there"));
  }
  Settings& settings = options.settings;
  if (settings.server.listen.empty()) settings.server.listen.push_back(default_listen());
  if (const auto found = contradictions(settings); !found.empty()) {
    return std::unexpected(wrong(std::string(found.front().flag) + ": " + found.front().text));
  }
  if (settings.pools.front().replicas.empty() && settings.admin.control_socket.empty() &&
      !settings.admin.control_listen) {
    return std::unexpected(
        wrong("no replica: give --config FILE, --replica URL, or --control-socket PATH to add them at run time"));
  }
  return options;
}

}  // namespace

std::expected<Options, ParseStop> parse_options(const std::vector<std::string>& arguments, const std::string& version,
                                                const std::string& default_file) {
  Options options;
  CLI::App app(kDescription, "warmpathd");
  app.set_version_flag("--version", version);
  app.option_defaults()->always_capture_default(false);
  app.allow_extras();
  ArgumentReader reader(app, options);  // the options' callbacks live in it until the arguments are parsed
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
  return settle(app, std::move(options), default_file);
}

}  // namespace wp::control
