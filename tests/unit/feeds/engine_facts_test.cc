#include "controlplane/feeds/engine_facts.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

TEST(EngineFacts, VllmIsReadOverItsDataParallelRanks) {
  const EngineFacts facts = read_engine(R"(# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 4.0
vllm:num_requests_waiting{engine="0",model_name="m"} 1.0
vllm:num_requests_waiting{engine="1",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="1000"} 1.0
vllm:cache_config_info{block_size="16",engine="1",num_gpu_blocks="1000"} 1.0
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1.2e+06
vllm:prefix_cache_queries_total{engine="1",model_name="m"} 300000.0
vllm:prefix_cache_queries_created{engine="0",model_name="m"} 1.7e+09
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 400000.0
vllm:prefix_cache_hits_total{engine="1",model_name="m"} 0.0
vllm:external_prefix_cache_hits_total{engine="0",model_name="m"} 7.0
process_start_time_seconds 1.7000000005e+09
)");
  EXPECT_EQ(facts.running, 7U);
  EXPECT_EQ(facts.waiting, 1U);
  EXPECT_EQ(facts.kv_usage, 0.5);
  EXPECT_EQ(facts.kv_tokens, 32'000U);
  EXPECT_EQ(facts.prefix_queries, 1'500'000U);
  EXPECT_EQ(facts.prefix_hits, 400'000U);
  EXPECT_EQ(facts.instance, 1'700'000'000'500U);
  EXPECT_TRUE(facts.any());
}

TEST(EngineFacts, OldNamesAndRaysAreTheSame) {
  const EngineFacts facts = read_engine(
      "vllm:gpu_cache_usage_perc 0.5\nvllm:gpu_prefix_cache_queries_total 10\nvllm:gpu_prefix_cache_hits_total 4\n"
      "ray_vllm_num_requests_running 2\n");
  EXPECT_EQ(facts.kv_usage, 0.5);
  EXPECT_EQ(facts.prefix_queries, 10U);
  EXPECT_EQ(facts.prefix_hits, 4U);
  EXPECT_EQ(facts.running, 2U);
  const EngineFacts both = read_engine(
      "vllm:kv_cache_usage_perc 0.25\nvllm:gpu_cache_usage_perc 0.25\nvllm:prefix_cache_queries_total 10\n"
      "vllm:gpu_prefix_cache_queries_total 10\nvllm:prefix_cache_hits_total 4\nvllm:gpu_prefix_cache_hits_total 4\n");
  EXPECT_EQ(both.prefix_queries, 10U) << "one thing under two names is counted once";
  EXPECT_EQ(both.kv_usage, 0.25);
}

TEST(EngineFacts, WhoWaitsForCapacityIsTheQueueWhereThatIsShown) {
  EXPECT_EQ(read_engine("vllm:num_requests_waiting 5\n"
                        "vllm:num_requests_waiting_by_reason{reason=\"capacity\"} 2\n"
                        "vllm:num_requests_waiting_by_reason{reason=\"deferred\"} 3\n")
                .waiting,
            2U);
}

TEST(EngineFacts, SglangIsReadByItsSums) {
  const EngineFacts facts = read_engine(R"(sglang:num_running_reqs{model_name="m"} 3.0
sglang:num_queue_reqs{model_name="m"} 9.0
sglang:token_usage{model_name="m"} 0.36
sglang:max_total_num_tokens{model_name="m"} 50000.0
sglang:cache_config_info{model_name="m",page_size="1",num_pages="50000"} 1.0
sglang:cache_hit_rate{model_name="m"} 0.0
sglang:prompt_tokens_total{model_name="m"} 1000.0
sglang:cached_tokens_total{cache_source="device",model_name="m"} 300.0
sglang:cached_tokens_total{cache_source="host",model_name="m"} 100.0
)");
  EXPECT_EQ(facts.waiting, 9U);
  EXPECT_EQ(facts.kv_tokens, 50'000U);
  EXPECT_EQ(facts.prefix_queries, 1'000U);
  EXPECT_EQ(facts.prefix_hits, 400U);
  EXPECT_EQ(facts.instance, 0U);
  EXPECT_EQ(read_engine("sglang:prompt_tokens_total 1000\n").prefix_queries, std::nullopt)
      << "who shows no hits may not count them";
}

TEST(EngineFacts, TheOthersShowTheirQueues) {
  const EngineFacts trt = read_engine(
      "trtllm_num_requests_waiting 1\ntrtllm_num_requests_running 2\ntrtllm_kv_cache_utilization 0.5\n"
      "trtllm_kv_cache_tokens_per_block 32\ntrtllm_kv_cache_max_blocks 100\ntrtllm_kv_cache_hit_rate 0.5\n");
  EXPECT_EQ(trt.waiting, 1U);
  EXPECT_EQ(trt.running, 2U);
  EXPECT_EQ(trt.kv_usage, 0.5);
  EXPECT_EQ(trt.kv_tokens, 3'200U);
  EXPECT_EQ(trt.prefix_queries, std::nullopt);
  const EngineFacts triton = read_engine(
      "nv_trt_llm_request_metrics{model=\"m\",request_type=\"waiting\"} 4\n"
      "nv_trt_llm_request_metrics{model=\"m\",request_type=\"scheduled\"} 5\n"
      "nv_trt_llm_request_metrics{model=\"m\",request_type=\"max\"} 99\n"
      "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"fraction\"} 0.125\n"
      "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"tokens_per\"} 64\n"
      "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"max\"} 10\n");
  EXPECT_EQ(triton.waiting, 4U);
  EXPECT_EQ(triton.running, 5U);
  EXPECT_EQ(triton.kv_usage, 0.125);
  EXPECT_EQ(triton.kv_tokens, 640U);
  const EngineFacts llama = read_engine("llamacpp:requests_processing 2\nllamacpp:requests_deferred 3\n");
  EXPECT_EQ(llama.waiting, 3U);
  EXPECT_EQ(llama.running, 2U);
  const EngineFacts lmdeploy = read_engine(
      "lmdeploy:num_requests_waiting 1\nlmdeploy:num_requests_running 2\nlmdeploy:gpu_cache_usage_perc 0.5\n");
  EXPECT_EQ(lmdeploy.waiting, 1U);
  EXPECT_EQ(lmdeploy.kv_usage, 0.5);
  const EngineFacts tgi = read_engine("tgi_queue_size 8\ntgi_batch_current_size 6\n");
  EXPECT_EQ(tgi.waiting, 8U);
  EXPECT_EQ(tgi.running, 6U);
}

TEST(EngineFacts, WhatCannotBeIsAsIfItWereNotThere) {
  EXPECT_FALSE(read_engine("").any());
  EXPECT_FALSE(read_engine("python_gc_objects_collected_total 3\nprocess_start_time_seconds 5\n").any());
  EXPECT_FALSE(read_engine("vllm:num_requests_waiting NaN\nvllm:kv_cache_usage_perc -1\ntgi_queue_size 1e300\n").any());
  EXPECT_FALSE(
      read_engine("vllm:cache_config_info{block_size=\"None\",num_gpu_blocks=\"-3\"} 1\n").kv_tokens.has_value());
  EXPECT_FALSE(
      read_engine("vllm:prefix_cache_queries_total 4\nvllm:prefix_cache_hits_total 5\n").prefix_queries.has_value());
  EXPECT_EQ(read_engine("vllm:kv_cache_usage_perc 1.02\n").kv_usage, 1.0);
  EXPECT_EQ(read_engine("process_start_time_seconds 5\nprocess_start_time_seconds{pid=\"2\"} 6\n").instance, 0U)
      << "of several processes none is the engine's for sure";
}

}  // namespace
}  // namespace wp::feeds
