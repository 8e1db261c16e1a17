"""How much a replica's cache holds, when nothing but the time of its first tokens tells."""

from chat import Stream, body, long_text, unique
from harness import check, equal, test, wait_until

PROMPT = 1000      # tokens: 50 ms where it is not cached
CACHE = 10 * PROMPT
PROMPTS = 32


def ask(daemon, prompt):
    with Stream(daemon.address, body(prompt, 1)) as stream:
        stream.read_all()


def learned(daemon):
    return daemon.metrics().sum("warmpath_replica_cache_tokens")


@test
def test_a_cache_that_nobody_tells_of_is_learned_from_first_tokens(case):
    daemon, _ = case.pair(2, kv_tokens=CACHE, prefill_rate=20_000)
    prompts = [long_text(PROMPT, unique()) for _ in range(PROMPTS)]
    for prompt in prompts:
        ask(daemon, prompt)
        ask(daemon, prompt)
    equal(learned(daemon), 0, "what is known of a cache that never missed")
    for prompt in prompts[: PROMPTS // 2]:
        ask(daemon, prompt)
    wait_until(lambda: learned(daemon) > 0, 5, "the size of the cache")
    check(learned(daemon) <= 4 * PROMPTS * PROMPT, "what did not fit was taken to fit")
