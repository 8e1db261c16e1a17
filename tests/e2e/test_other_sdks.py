"""The Vercel ai SDK and the Anthropic SDK through warmpath, as their users call them."""

import json

import sdk
from chat import body, text_of, unique
from harness import check, equal, test


@test
def test_vercel_generate(case):
    daemon, (replica, _) = case.pair(2)
    prompt = unique()
    result = sdk.run("vercel", "complete", daemon.url, prompt=prompt)
    equal(result["text"], text_of(replica.ask(body(prompt, 16))), "the text")
    equal(result["finish"], "length", "the finish reason")
    equal(result["usage"]["outputTokens"], 16, "the output tokens")
    check(result["responses"], "the OpenAI provider got an empty text")


@test
def test_vercel_stream(case):
    daemon, (replica,) = case.pair(1)
    prompt = unique()
    result = sdk.run("vercel", "stream", daemon.url, prompt=prompt)
    for name in ("chat", "responses"):
        equal(result[name]["failures"], [], f"errors of {name}")
        equal(len(result[name]["pieces"]), 16, f"the pieces of {name}")
        equal(result[name]["finish"], "length", f"the finish reason of {name}")
    equal("".join(result["chat"]["pieces"]), text_of(replica.ask(body(prompt, 16))), "the streamed text")


@test
def test_vercel_abort(case):
    daemon, (replica,) = case.pair(1, decode_rate=50)
    with sdk.Scenario("vercel", "abortStream", daemon.url, prompt=unique(), max_tokens=5000) as scenario:
        result = scenario.result()
        check(5 <= result["seen"] < 100, f"{result['seen']} pieces came although the stream was aborted after 5")
        sdk.cancelled_after(replica, result["aborted"])


@test
def test_vercel_error_when_all_are_down(case):
    daemon, (replica,) = case.pair(1)
    replica.process.kill()
    for call, error in sdk.run("vercel", "errors", daemon.url).items():
        check("APICallError" in error["classes"], f"{call}: not the SDK's own error: {error}")
        check(error["status"] in (502, 503), f"{call}: the status is {error['status']}")
        code = json.loads(error["body"])["error"]["code"]
        check(code in ("connect_refused", "no_replica"), f"{call}: the code is {code}")


@test
def test_anthropic_complete(case):
    daemon, _ = case.pair(2)
    prompt = unique()
    whole = sdk.run("anthropic", "complete", daemon.url, prompt=prompt)
    equal((whole["type"], whole["role"], whole["stop"]), ("message", "assistant", "max_tokens"), "the message")
    equal(whole["usage"]["output_tokens"], 16, "the output tokens")
    streamed = sdk.run("anthropic", "stream", daemon.url, prompt=prompt)
    equal(streamed["text"], whole["text"], "the streamed text")
    equal((streamed["types"][0], streamed["types"][-1]), ("message_start", "message_stop"), "first and last event")
    equal(streamed["stop"], "max_tokens", "the stop reason of the stream")


@test
def test_anthropic_error_when_all_are_down(case):
    daemon, (replica,) = case.pair(1)
    replica.process.kill()
    error = sdk.run("anthropic", "errors", daemon.url)["messages"]
    check("InternalServerError" in error["classes"], f"not the SDK's type for a 5xx: {error}")
    check(error["type"] in ("api_error", "overloaded_error"), f"the type is {error['type']}")
    check("connect_refused" in error["message"] or "no_replica" in error["message"], f"no reason: {error['message']}")
