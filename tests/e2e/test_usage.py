"""What replies say of their tokens: in the metrics and the access log, beside what the replicas themselves counted."""

import json
import os
import re

import sdk
from chat import body, long_text, unique
from fleet import MODEL
from harness import check, equal, test, wait_until
from http_client import Connection, message


def streamed(daemon, path, request_body):
    """The data of every event, and the reply's head."""
    with Connection(daemon.address) as connection:
        connection.send(message("POST", path, {**request_body, "stream": True}))
        reply = connection.read_head()
        equal(reply.status, 200, f"the status of {path}")
        return [data for _, data in connection.events(reply)], reply


def figures(daemon):
    metrics = daemon.metrics()
    return {name: metrics.sum(f"warmpath_usage_{name}_total", pool="default")
            for name in ("replies", "prompt_tokens", "cached_tokens", "completion_tokens")}


@test
def test_usage_of_every_api_is_counted_as_the_replica_counted_it(case):
    log = os.path.join(case.directory, "access.log")
    daemon, (replica,) = case.pair(1, daemon={"access_log": log}, cache_report=True)
    prompt = long_text(400, unique())
    turns = [{"role": "user", "content": prompt}]
    asks = [("/v1/chat/completions", {"messages": turns, "max_tokens": 5, "stream_options": {"include_usage": True}}),
            ("/v1/completions", {"prompt": prompt, "max_tokens": 5, "stream_options": {"include_usage": True}}),
            ("/v1/responses", {"input": prompt, "max_output_tokens": 5}),
            ("/v1/messages", {"messages": turns, "max_tokens": 5}),
            ("/v1/embeddings", {"input": prompt})]
    prompt_tokens = cached_tokens = completion_tokens = replies = 0
    for path, ask in asks:
        ask = {"model": MODEL, **ask}
        plain = {name: value for name, value in ask.items() if name != "stream_options"}
        heads = [daemon.post(plain, path)]
        equal(heads[0].status, 200, f"the status of {path}")
        if path != "/v1/embeddings":
            heads.append(streamed(daemon, path, ask)[1])
            completion_tokens += 10
        replies += len(heads)
        prompt_tokens += sum(int(head.header("x-replica-prompt-tokens")) for head in heads)
        if path != "/v1/embeddings":  # their usage has no place for it
            cached_tokens += sum(int(head.header("x-replica-cached-tokens")) for head in heads)
    wait_until(lambda: figures(daemon)["replies"] == replies, 5, "every reply being counted")
    equal(figures(daemon), {"replies": replies, "prompt_tokens": prompt_tokens, "cached_tokens": cached_tokens,
                            "completion_tokens": completion_tokens}, "what was counted")
    check(cached_tokens > 0, "nothing was cached, so nothing was shown")
    metrics = daemon.metrics()
    equal(metrics.sum("warmpath_usage_replies_total", usage="untold"), 0, "replies without usage")
    check(metrics.sum("warmpath_bytes_per_token", pool="default") != 4, "the estimate stayed where it began")
    equal(daemon.process.terminate(), 0, "the exit status")
    with open(log, encoding="ascii") as file:
        lines = [json.loads(line) for line in file]
    equal(sum(line["told_prompt_tokens"] for line in lines), prompt_tokens, "prompt tokens in the access log")
    equal(sum(line["told_cached_tokens"] or 0 for line in lines), cached_tokens, "cached tokens in the access log")


@test
def test_usage_without_the_engine_s_flag_leaves_cached_tokens_unknown(case):
    daemon, _ = case.pair(1)
    prompt = long_text(400, unique())
    for _ in range(2):
        equal(daemon.post(body(prompt, 2)).status, 200, "the status")
    wait_until(lambda: figures(daemon)["replies"] == 2, 5, "both replies being counted")
    metrics = daemon.metrics()
    equal(metrics.sum("warmpath_usage_prompt_tokens_total", cached="known"), 0, "tokens known to be cached or not")
    check(metrics.sum("warmpath_usage_prompt_tokens_total", cached="unknown") > 0, "no prompt token was told")
    equal(metrics.sum("warmpath_usage_cached_tokens_total"), 0, "cached tokens")


def bytes_of(daemon, path, request_body):
    """A stream's bytes, without what is new in each reply."""
    with Connection(daemon.address) as connection:
        connection.send(message("POST", path, {**request_body, "stream": True}))
        reply = connection.read_head()
        equal(reply.status, 200, f"the status of {path}")
        whole = b"".join(connection.pieces(reply))
    return re.sub(rb'"(id|created)":("[^"]*"|[0-9]+)', b"", whole)


@test
def test_usage_is_asked_of_the_replica_and_the_client_s_stream_is_as_if_it_were_not(case):
    (replica,) = case.replicas(1, cache_report=True)
    asking, plain = case.warmpathd([replica]), case.warmpathd([replica], usage="as-is")
    prompt = long_text(100, unique())
    asks = [("/v1/chat/completions", {"messages": [{"role": "user", "content": prompt}]}),
            ("/v1/completions", {"prompt": prompt})]
    for path, ask in asks:
        for options in ({}, {"stream_options": None}, {"stream_options": {}},
                        {"stream_options": {"include_usage": False}}, {"stream_options": {"include_usage": True}}):
            whole = {"model": MODEL, "max_tokens": 9, **ask, **options}
            equal(bytes_of(asking, path, whole), bytes_of(plain, path, whole), f"the bytes of {path} with {options}")
    wait_until(lambda: figures(asking)["replies"] == figures(plain)["replies"] == 10, 5, "all replies being counted")
    equal(asking.metrics().sum("warmpath_usage_replies_total", usage="told"), 8, "replies that told it when asked")
    equal(plain.metrics().sum("warmpath_usage_replies_total", usage="told"), 2, "replies that told it unasked")


@test
def test_usage_that_was_not_asked_for_is_not_seen_by_the_openai_client(case):
    (replica,) = case.replicas(1)
    asking, plain = case.warmpathd([replica]), case.warmpathd([replica], usage="as-is")
    prompt = unique()
    seen = sdk.run("openai", "chunks", asking.url, prompt=prompt)
    equal(seen, sdk.run("openai", "chunks", plain.url, prompt=prompt), "the chunks that the client sees")
    check(all(chunk["choices"] for chunks in seen.values() for chunk in chunks), "a chunk without choices")
    equal(asking.metrics().sum("warmpath_usage_replies_total", usage="told"), 2, "replies that told their usage")
