#include "tools/replica/options.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <CLI/CLI.hpp>

namespace wp::replica {
namespace {

constexpr const char* kDescription =
    "warmpath-replica: simulated LLM replicas with the OpenAI and Anthropic APIs, a paged LRU KV cache, FIFO prefill\n"
    "and bounded decoding. One process plays --count of them on consecutive ports, each with a cache of its own.\n"
    "Every reply tells the truth in x-replica-name, x-replica-prompt-tokens and x-replica-cached-tokens.";

// Publishers of KV events, if a port says that there are to be some.
struct KvEventOptions {
  std::optional<std::uint16_t> port;
  std::optional<std::uint16_t> replay_port;
  KvPublisherConfig publisher;
};

// Values that need another type than their field's.
struct Raw {
  double overhead_ms = 0;
  double idle_close_seconds = 0;
  KvEventOptions kv_events;
};

Duration from_seconds(double seconds) {
  return nanos(std::llround(seconds * 1e9));
}

void declare_service(CLI::App& app, Options& options) {
  app.add_option("--engine",
                 "the engine to pass for (plain, vllm, sglang, llama.cpp): the names of its metrics, its pages,\n"
                 "and how it is set up when no other option says so")
      ->check(CLI::IsMember({"plain", "vllm", "sglang", "llama.cpp"}))
      ->default_str("plain");
  app.add_option("--port", options.port, "port of the first replica; 0: the system chooses for each")
      ->capture_default_str();
  app.add_option("--count", options.count, "replicas to play, on consecutive ports")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--listen-host", options.listen_host, "address to listen on, a literal")->capture_default_str();
  app.add_option("--name-prefix", options.name_prefix, "replicas are called PREFIX-0, PREFIX-1, ...")
      ->capture_default_str();
  loop::add_transport_option(app, options.transport);
}

void declare_connections(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--idle-close-seconds", raw.idle_close_seconds,
                 "close connections that send nothing for so long between replies, as llama.cpp does after 5; 0: never")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--max-requests-per-connection", options.connection.max_requests,
                 "close behind so many replies, as llama.cpp does behind 100; 0: no limit")
      ->capture_default_str();
  app.add_flag("--stamps", options.connection.stamps,
               "each piece of a stream begins with a comment line: when it was written, in nanoseconds of the\n"
               "machine's monotonic clock, so that a client on this machine knows how long it took to come");
  app.add_option("--max-body", options.connection.max_body, "bytes of a request's body")->capture_default_str();
}

void declare_prefill(CLI::App& app, PrefillLaw& law) {
  const auto tokens = [&app](const char* name, double& value, const char* text) {
    app.add_option(name, value, text)->check(CLI::Range(0.0, 1e9))->capture_default_str();
  };
  app.add_option("--prefill-rate", law.prefill_rate, "uncached prompt tokens a second, one prompt at a time")
      ->check(CLI::Range(1e-3, 1e12))
      ->capture_default_str();
  tokens("--double-at", law.double_at,
         "tokens of context behind which one takes twice as long as the first (attention); 0: never");
  app.add_option("--micro-batch", law.micro_batch,
                 "tokens of a prompt that are read at once, the rest of it last; 0: all")
      ->capture_default_str();
  app.add_option(
         "--attention-tile", law.attention_tile,
         "tokens that look together at so many of the context, at one price for all; 0: each alone, at its share")
      ->capture_default_str();
  tokens("--narrow-double-at", law.narrow_double_at,
         "--double-at of what is less than a tile of a micro-batch, and looks for itself; 0: never");
}

void declare_engine(CLI::App& app, EngineConfig& engine, Raw& raw) {
  declare_prefill(app, engine);
  app.add_option("--decode-rate", engine.decode_rate, "tokens a second and stream")
      ->check(CLI::Range(1e-3, 1e9))
      ->capture_default_str();
  app.add_option("--ttft-overhead-ms", raw.overhead_ms, "part of every prefill, however much is cached")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--interference", engine.interference,
                 "share of a prefill's time by which it holds up those that decode; 1: one or the other")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--block", engine.block_tokens, "tokens of a KV cache block")
      ->check(CLI::Range(1U, 65536U))
      ->capture_default_str();
  app.add_option("--kv-tokens", engine.kv_tokens,
                 "capacity of the KV cache; also the longest prompt and reply together")
      ->check(CLI::Range(1U, 100'000'000U))
      ->capture_default_str();
  app.add_option("--max-running", engine.max_running, "requests that prefill or decode at a time")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--max-waiting", engine.max_waiting, "queue behind them; more are refused with 503")
      ->capture_default_str();
}

void declare_model(CLI::App& app, ReplicaConfig& replica) {
  static const std::map<std::string, Finish> kFinish = {
      {"natural", Finish::natural}, {"stop", Finish::stop}, {"length", Finish::length}};
  static const std::map<std::string, HealthMode> kHealth = {{"ok", HealthMode::ok},
                                                            {"loading", HealthMode::loading},
                                                            {"fail", HealthMode::fail},
                                                            {"hang", HealthMode::hang},
                                                            {"absent", HealthMode::absent}};
  app.add_option("--model", replica.models, "model or adapter served (repeatable); the first is the default")
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_flag("--engine-metrics,!--no-engine-metrics", replica.engine_metrics,
               "whether the engine shows its metrics: SGLang and llama.cpp do with a flag only, vLLM always");
  app.add_option("--api-key", replica.api_key, "key that clients must send (Authorization: Bearer, or x-api-key)");
  app.add_flag("--cache-report", replica.cache_report,
               "usage names cached tokens, left out when zero (vLLM's and SGLang's flag, off by default there too)");
  app.add_option("--health", replica.health,
                 "ok, loading (503, requests too), fail (500), hang (no answer) or absent (404): what /health answers\n"
                 "at first; POST /debug/health with one of these words changes it")
      ->transform(CLI::Transformer(kHealth).description(""))  // its own would print enum values as characters
      ->default_str("ok");
  app.add_option_function<std::vector<std::string>>(
         "--fault",
         [&replica](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const auto fault = parse_fault(text);
             if (!fault) throw CLI::ValidationError("--fault", fault.error());
             replica.faults.push_back(*fault);
           }
         },
         "KIND=VALUE[,share=S][,times=N] (repeatable): what goes wrong with a share of the requests. late=SECONDS,\n"
         "stall=TOKENS, die=TOKENS, reset=TOKENS, lie=TOKENS (in a chunk's size), status=CODE, slow-drain=BYTES/S,\n"
         "slow-accept=SECONDS, idle-close=SECONDS. POST /debug/faults with such lines replaces them all")
      ->type_name("FAULT")
      ->allow_extra_args(false);
  app.add_option("--finish-reason", replica.finish,
                 "natural (length when the request gave a limit, else stop), stop or length")
      ->transform(CLI::Transformer(kFinish).description(""))
      ->default_str("natural");
  app.add_option("--default-tokens-min", replica.default_tokens_min, "shortest reply to a request without a limit")
      ->capture_default_str();
  app.add_option("--default-tokens-max", replica.default_tokens_max, "longest; the length is drawn by the prompt")
      ->capture_default_str();
  app.add_option("--seed", replica.seed, "decides the text of replies and their ids")->capture_default_str();
}

void declare_kv_events(CLI::App& app, KvEventOptions& raw) {
  static const std::map<std::string, EventFormat> kFormat = {{"map", EventFormat::map}, {"array", EventFormat::array}};
  static const std::map<std::string, HashFormat> kHashes = {{"int", HashFormat::integer},
                                                            {"binary", HashFormat::binary}};
  app.add_option("--kv-events-port", raw.port,
                 "publish KV cache events over ZeroMQ as vLLM does, here for the first replica; 0: the system chooses");
  app.add_option("--kv-replay-port", raw.replay_port,
                 "where batches can be asked for again [behind the replicas' --kv-events-port]");
  app.add_option("--kv-events-topic", raw.publisher.topic, "first frame of each batch [empty]");
  app.add_option("--kv-events-format", raw.publisher.encoding.format, "map, as vLLM from 0.26 on, or array, as before")
      ->transform(CLI::Transformer(kFormat).description(""))
      ->default_str("map");
  app.add_option(
         "--kv-events-hashes", raw.publisher.encoding.hashes,
         "what blocks are called: int, vLLM's default, or binary, digests of 32 bytes that end with the same number")
      ->transform(CLI::Transformer(kHashes).description(""))
      ->default_str("int");
  app.add_option("--kv-events-kept", raw.publisher.kept, "batches that can be asked for again")->capture_default_str();
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// What no single option's own check can see; empty when all is well.
std::string contradiction(const Options& options) {
  const ReplicaConfig& replica = options.replica;
  if (options.port != 0 && std::uint32_t{options.port} + options.count - 1 > 65535) {
    return "--port and --count: the last replica's port would be beyond 65535";
  }
  if (!is_word(options.name_prefix)) return "--name-prefix: visible ASCII characters only";
  if (!std::all_of(replica.models.begin(), replica.models.end(), is_word)) {
    return "--model: visible ASCII characters only";
  }
  if (replica.engine.kv_tokens < replica.engine.block_tokens) return "--kv-tokens: less than one --block";
  if (replica.engine.micro_batch > 0 && replica.engine.attention_tile > replica.engine.micro_batch) {
    return "--attention-tile: more than --micro-batch";
  }
  if (replica.default_tokens_min == 0 || replica.default_tokens_min > replica.default_tokens_max) {
    return "--default-tokens-min: must be at least 1 and at most --default-tokens-max";
  }
  return {};
}

// Where the events go; empty when all is well.
std::string take_kv_events(const KvEventOptions& asked, Options& options) {
  if (!asked.port) return asked.replay_port ? "--kv-replay-port: only with --kv-events-port" : std::string();
  const std::uint32_t behind = *asked.port == 0 ? 0 : *asked.port + options.count;
  const std::uint32_t replay = asked.replay_port.value_or(static_cast<std::uint16_t>(std::min(behind, 65535U)));
  if (behind > 65536 || replay + options.count - 1 > 65535) {
    return "--kv-events-port, --kv-replay-port and --count: the last replica's port would be beyond 65535";
  }
  options.kv_events = asked.publisher;
  options.kv_events->port = *asked.port;
  options.kv_events->replay_port = static_cast<std::uint16_t>(replay);
  options.replica.engine.block_events = true;
  return {};
}

// The engine comes first, wherever it stands: it decides the defaults that the other options then change.
Personality named_engine(int count, const char* const* arguments) {
  Personality found = Personality::plain;
  for (int i = 1; i < count; ++i) {
    constexpr std::string_view kName = "--engine";
    std::string_view text = arguments[i];
    if (text == kName && i + 1 < count) {
      text = arguments[i + 1];
    } else if (text.starts_with(kName) && text.size() > kName.size() && text[kName.size()] == '=') {
      text.remove_prefix(kName.size() + 1);
    } else {
      continue;
    }
    found = parse_personality(text).value_or(found);
  }
  return found;
}

}  // namespace

std::expected<Options, Leave> read_options(int count, const char* const* arguments) {
  Options options;
  Raw raw;
  take_on(named_engine(count, arguments), options.replica, options.connection);
  raw.idle_close_seconds = options.connection.idle_close.seconds();
  raw.overhead_ms = static_cast<double>(options.replica.engine.overhead.ns) / 1e6;
  CLI::App app(kDescription, "warmpath-replica");
  declare_service(app, options);
  declare_engine(app, options.replica.engine, raw);
  declare_model(app, options.replica);
  declare_kv_events(app, raw.kv_events);
  declare_connections(app, options, raw);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Leave{app.help(), 0});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Leave{std::string("warmpath-replica: ") + error.what() + "\n", 2});
  }
  if (const std::string problem = contradiction(options); !problem.empty()) {
    return std::unexpected(Leave{"warmpath-replica: " + problem + "\n", 2});
  }
  if (const std::string problem = take_kv_events(raw.kv_events, options); !problem.empty()) {
    return std::unexpected(Leave{"warmpath-replica: " + problem + "\n", 2});
  }
  options.replica.engine.overhead = from_seconds(raw.overhead_ms / 1e3);
  options.connection.idle_close = from_seconds(raw.idle_close_seconds);
  return options;
}

}  // namespace wp::replica
