"""The npm openai SDK through warmpath, as its users call it."""

import sdk
from chat import body, long_text, text_of, unique
from fleet import pool
from harness import check, equal, test, wait_until
from http_client import request


@test
def test_openai_complete(case):
    daemon, (replica, _) = case.pair(2)
    prompt = unique()
    result = sdk.run("openai", "complete", daemon.url, prompt=prompt)
    equal((result["object"], result["role"], result["finish"]), ("chat.completion", "assistant", "length"), "the reply")
    equal(result["text"], text_of(replica.ask(body(prompt, 20))), "the text")
    equal(result["usage"]["completion_tokens"], 20, "completion tokens of the usage")
    check(result["decision"], "the reply has no decision header")


@test
def test_openai_stream(case):
    daemon, (replica,) = case.pair(1)
    prompt = unique()
    result = sdk.run("openai", "stream", daemon.url, prompt=prompt)
    equal("".join(result["pieces"]), text_of(replica.ask(body(prompt, 20))), "the streamed text")
    equal(len(result["pieces"]), 20, "the number of pieces")
    equal(result["finishes"], ["length"], "the finish reasons")
    equal(result["usage"]["completion_tokens"], 20, "completion tokens of the usage")
    equal(result["ids"], 1, "the number of ids in one stream")


@test
def test_openai_legacy_completions(case):
    daemon, _ = case.pair(1)
    result = sdk.run("openai", "legacy", daemon.url, prompt=unique())
    equal(result["object"], "text_completion", "the object")
    check(result["whole"], "an empty completion")
    equal(result["streamed"], result["whole"], "the streamed completion")


@test
def test_openai_responses(case):
    daemon, _ = case.pair(2)
    result = sdk.run("openai", "responses", daemon.url, prompt=unique())
    equal(result["status"], "incomplete", "the status of a response cut by its limit")
    check(result["text"], "an empty response")
    equal(result["streamed"], result["text"], "the streamed response")
    ends = (result["types"][0], result["types"][-1])
    equal(ends, ("response.created", "response.incomplete"), "first and last event")


@test
def test_openai_embeddings(case):
    daemon, _ = case.pair(1)
    result = sdk.run("openai", "embeddings", daemon.url)
    equal(result["count"], 2, "the number of vectors")
    check(result["standard"][0] != result["standard"][1], "two inputs have the same vector")
    for standard, floats in zip(result["standard"], result["floats"]):
        check(max(abs(a - b) for a, b in zip(standard, floats)) < 1e-6, "base64 and float vectors differ")


@test
def test_openai_models(case):
    daemon, _ = case.pair(2)
    equal(sdk.run("openai", "models", daemon.url)["ids"], ["test-model"], "the models")


@test
def test_openai_models_of_several_pools(case):
    """Every model that the file names is listed, whichever pool has it, and one is asked of its own pool."""
    chat, small = case.replicas(1, model=["org/chat", "org/chat-2"]), case.replicas(1, model="small")
    daemon = case.configured(pool("chat", chat, 'models = ["org/chat", "org/chat-2"]') +
                             pool("small", small, 'models = ["small"]'))
    equal(sdk.run("openai", "models", daemon.url)["ids"], ["org/chat", "org/chat-2", "small"], "the models")
    for name, (replica,) in (("org/chat", chat), ("org%2Fchat-2", chat), ("small", small)):
        reply = request(daemon.address, "GET", f"/v1/models/{name}")
        equal(reply.header("x-warmpath-replica"), replica.key, f"who is asked of {name}")
    reply = request(daemon.address, "GET", "/v1/models/other")
    equal((reply.status, reply.error_code()), (404, "unknown_model"), "the answer to a model that is nowhere")
    equal(daemon.metrics().sum("warmpath_model_lists_total"), 1, "the lists counted")


@test
def test_openai_abort_stream(case):
    daemon, (replica,) = case.pair(1, decode_rate=50)
    with sdk.Scenario("openai", "abortStream", daemon.url, prompt=unique(), max_tokens=5000) as scenario:
        result = scenario.result()
        check(5 <= result["seen"] < 100, f"{result['seen']} tokens came although the stream was aborted after 5")
        sdk.cancelled_after(replica, result["aborted"])
    wait_until(lambda: daemon.metrics().sum("warmpath_requests_total", outcome="client_gone") == 1, 5,
               "the abort being counted")


@test
def test_openai_abort_pending(case):
    # The prefill alone takes far longer than the test: nothing of the reply can have come.
    daemon, (replica,) = case.pair(1, prefill_rate=100)
    prompt = long_text(8000, unique())
    with sdk.Scenario("openai", "abortComplete", daemon.url, prompt=prompt) as scenario:
        wait_until(lambda: [event for event in replica.events() if event["event"] == "arrive"], 10,
                   "the request reaching the replica")
        scenario.poke()
        sdk.cancelled_after(replica, scenario.result()["aborted"])


@test
def test_openai_errors_when_all_are_down(case):
    daemon, (replica, _) = case.pair(2)
    replica.process.kill()
    for call, error in sdk.run("openai", "errors", daemon.url).items():
        check("InternalServerError" in error["classes"], f"{call}: not the SDK's type for a 5xx: {error}")
        check(error["status"] in (502, 503), f"{call}: the status is {error['status']}")
        check(error["code"] in ("connect_refused", "no_replica"), f"{call}: the code is {error['code']}")
        equal(error["type"], "server_error", f"the type of {call}'s error")


@test
def test_openai_refusals(case):
    daemon, _ = case.pair(1, daemon={"max_body": "64k"})
    errors = sdk.run("openai", "refusals", daemon.url, oversized=100_000)
    equal((errors["field"]["classes"][0], errors["field"]["code"]), ("BadRequestError", "bad_field"), "model: 7")
    equal((errors["path"]["classes"][0], errors["path"]["code"]), ("NotFoundError", "unknown_path"), "an unknown path")
    oversized = errors["oversized"]
    equal((oversized["status"], oversized["code"]), (413, "body_too_large"), "a body over the limit")
