#include "tools/replica/personality.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"
#include "tools/replica/options.h"

namespace wp::replica {
namespace {

constexpr std::string_view kAsk =
    R"({"messages":[{"role":"user","content":"a prompt of some length"}],"max_tokens":8})";

ReplicaConfig passing_for(Personality personality) {
  ReplicaConfig config = World::config();
  ConnectionLimits limits;
  take_on(personality, config, limits);
  config.engine.block_tokens = 4;
  config.engine_metrics = true;
  return config;
}

bool has(const std::string& page, std::string_view line) {
  return ("\n" + page).find("\n" + std::string(line) + "\n") != std::string::npos;
}

Options options_of(std::vector<const char*> words) {
  words.insert(words.begin(), "warmpath-replica");
  const auto options = read_options(static_cast<int>(words.size()), words.data());
  EXPECT_TRUE(options) << options.error().text;
  return options.value_or(Options{});
}

TEST(Personality, VllmNamesItsMetricsSo) {
  World world(passing_for(Personality::vllm));
  world.post(kChat, kAsk);
  world.post(kChat, kAsk);
  const std::string page = world.get("/metrics").body;
  const EngineTotals& totals = world.replica().engine().totals();
  const std::string labels = R"({engine="0",model_name="tiny"})";
  EXPECT_TRUE(has(page, "vllm:num_requests_running" + labels + " 0")) << page;
  EXPECT_TRUE(has(page, "vllm:prefix_cache_hits_total" + labels + " " + std::to_string(totals.cached_tokens)));
  EXPECT_GT(totals.cached_tokens, 0U);
  EXPECT_NE(page.find(R"(block_size="4",num_gpu_blocks="1000"} 1)"), std::string::npos);
  EXPECT_EQ(page.find("replica_"), std::string::npos);
  EXPECT_NE(world.get("/debug/metrics").body.find("replica_requests_total 2"), std::string::npos);
  EXPECT_EQ(world.get("/load").body, R"({"server_load":0})");
}

TEST(Personality, SglangNamesItsMetricsSoAndTellsItsLoad) {
  World world(passing_for(Personality::sglang));
  world.post(kChat, kAsk);
  const std::string page = world.get("/metrics").body;
  EXPECT_TRUE(has(page, R"(sglang:num_running_reqs{model_name="tiny"} 0)")) << page;
  EXPECT_TRUE(has(page, R"(sglang:cached_tokens_total{model_name="tiny",cache_source="device"} 0)"));
  const auto loads = nlohmann::json::parse(world.get("/v1/loads").body);
  EXPECT_EQ(loads["loads"][0]["max_total_num_tokens"], 4000);
  EXPECT_EQ(loads["loads"][0]["num_waiting_uncached_tokens"], 0);
  EXPECT_EQ(nlohmann::json::parse(world.get("/get_server_info").body)["page_size"], 4);
}

TEST(Personality, TheQueuesUncachedTokensAreCounted) {
  ReplicaConfig config = passing_for(Personality::sglang);
  config.engine.max_running = 1;
  World world(config);
  for (int i = 0; i < 2; ++i) {
    const std::size_t client = world.connect();
    world.send(client, post_text(kChat, kAsk));
  }
  world.run_for(millis(1));
  const auto load = nlohmann::json::parse(world.get("/v1/loads").body)["loads"][0];
  EXPECT_EQ(load["num_running_reqs"], 1);
  EXPECT_EQ(load["num_waiting_reqs"], 1);
  EXPECT_EQ(load["num_waiting_uncached_tokens"], world.replica().engine().totals().prompt_tokens);
}

TEST(Personality, LlamaCppNamesItsMetricsSoAndShowsItsSlots) {
  World world(passing_for(Personality::llama_cpp));
  world.post(kChat, kAsk);
  EXPECT_TRUE(has(world.get("/metrics").body, "llamacpp:tokens_predicted_total 8"));
  const auto slots = nlohmann::json::parse(world.get("/slots").body);
  EXPECT_EQ(slots.size(), 4U);
  EXPECT_EQ(slots[0]["is_processing"], false);
}

TEST(Personality, MetricsNeedTheirFlag) {
  EXPECT_TRUE(options_of({"--engine", "vllm"}).replica.engine_metrics);
  EXPECT_FALSE(options_of({"--engine", "sglang"}).replica.engine_metrics);
  EXPECT_TRUE(options_of({"--engine-metrics", "--engine=sglang"}).replica.engine_metrics);
  for (const auto& [personality, status] : {std::pair{Personality::sglang, 404}, {Personality::llama_cpp, 501}}) {
    ReplicaConfig config = passing_for(personality);
    config.engine_metrics = false;
    World world(config);
    EXPECT_EQ(world.get("/metrics").status, status);
    EXPECT_EQ(world.get("/debug/metrics").status, 200);
  }
}

TEST(Personality, SetsDefaultsThatOtherOptionsChange) {
  const Options plain = options_of({});
  EXPECT_EQ(plain.replica.engine.block_tokens, 16U);
  EXPECT_EQ(plain.connection.idle_close, Duration{});
  const Options llama = options_of({"--max-running", "7", "--engine", "llama.cpp"});
  EXPECT_EQ(llama.replica.engine.block_tokens, 1U);
  EXPECT_EQ(llama.replica.engine.max_running, 7U);
  EXPECT_EQ(llama.connection.idle_close, seconds(5));
  EXPECT_EQ(llama.connection.max_requests, 100U);
}

Reply asked_for_load(World& world, std::string_view format, std::string_view body) {
  std::string text = post_text(kChat, body);
  text.insert(text.find("\r\n") + 2, "Endpoint-Load-Metrics-Format: " + std::string(format) + "\r\n");
  const std::size_t client = world.connect();
  world.send(client, text);
  return world.replies(client)[0];
}

TEST(Personality, VllmReportsItsLoadWhenAsked) {
  World world(passing_for(Personality::vllm));
  EXPECT_EQ(asked_for_load(world, "text", kAsk).field("endpoint-load-metrics"),
            "TEXT named_metrics.kv_cache_usage_perc=0.0, named_metrics.num_requests_waiting=0.0");
  EXPECT_EQ(asked_for_load(world, "JSON", kAsk).field("endpoint-load-metrics"),
            R"(JSON {"named_metrics": {"kv_cache_usage_perc": 0.0, "num_requests_waiting": 0.0}})");
  EXPECT_EQ(asked_for_load(world, "BIN", kAsk).field("endpoint-load-metrics"), "");
  constexpr std::string_view kStream = R"({"messages":[{"role":"user","content":"a"}],"max_tokens":2,"stream":true})";
  EXPECT_EQ(asked_for_load(world, "TEXT", kStream).field("endpoint-load-metrics"), "");
  EXPECT_EQ(world.post(kChat, kAsk).field("endpoint-load-metrics"), "");
}

TEST(Personality, OthersReportNoLoad) {
  World world(passing_for(Personality::sglang));
  EXPECT_EQ(asked_for_load(world, "TEXT", kAsk).field("endpoint-load-metrics"), "");
}

}  // namespace
}  // namespace wp::replica
