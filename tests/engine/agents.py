"""Coding agents as clients: sessions whose every request repeats the whole conversation and adds a little.

Shaped like the sessions of a recorded agent at a quarter of their length: a short opening that all share, a task of
one to two and a half thousand tokens, some 230 tokens more a turn, replies of about 90. One token is one byte.
"""

import bisect
import json
import random
import re
import statistics
import threading
import time

from harness import check, equal
from http_client import Connection, message

OPENING = "You are an agent that repairs the repository given below.\n"
WORDS = ("lamp", "keeper", "return", "if", "index", "self", "value", "error", "test", "(", ")", ":", "=", "patch")
SPECIAL = re.compile(r"<\|im_start\|>|<\|im_end\|>")


def tokens(text):
    """The tokens of a rendered prompt as the engine's vocabulary has them: a mark is one, any other byte is one."""
    found, at = [], 0
    for mark in SPECIAL.finditer(text):
        found += text[at:mark.start()].encode()
        found.append(-1 if mark.group() == "<|im_start|>" else -2)
        at = mark.end()
    return tuple(found) + tuple(text[at:].encode())


def rendered(messages):
    turns = (f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    return "".join(turns) + "<|im_start|>assistant\n"


class Ideal:
    """How much of each prompt any cache could have held: the longest beginning it shares with what was served before.
    Sorted, the neighbours of a sequence are those that share most with it."""

    def __init__(self):
        self.served = []
        self.lock = threading.Lock()

    def add(self, sequence):
        with self.lock:
            bisect.insort(self.served, sequence)

    def shared(self, sequence):
        with self.lock:
            at = bisect.bisect(self.served, sequence)
            near = self.served[max(at - 1, 0):at + 1]
        return max((common(sequence, other) for other in near), default=0)


def common(one, other):
    for at, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return at
    return min(len(one), len(other))


class Agent(threading.Thread):
    """One session: `turns` requests, each when the reply to the one before has come."""

    def __init__(self, number, daemon, turns, ideal):
        super().__init__(name=f"agent-{number}")
        self.draw = random.Random(number)
        self.daemon_under_test, self.turns, self.ideal = daemon, turns, ideal
        self.prompt = self.cached = self.possible = 0
        self.replicas = []
        self.first_tokens = []  # seconds
        self.problem = None

    def text(self, size):
        words = []
        while sum(map(len, words)) + len(words) < size:
            words.append(self.draw.choice(WORDS) + str(self.draw.randrange(100)))
        return " ".join(words)[:size]

    def run(self):
        try:
            messages = [{"role": "user", "content": OPENING + self.text(self.draw.randint(1_200, 2_400))}]
            for _ in range(self.turns):
                self.turn(messages)
        except Exception as problem:  # of whatever kind: the test says so
            self.problem = problem

    def turn(self, messages):
        sequence = tokens(rendered(messages))
        self.possible += min(self.ideal.shared(sequence), len(sequence) - 1)
        text, usage = self.ask(messages)
        equal(usage["prompt_tokens"], len(sequence), "the length of the prompt as the engine counts it")
        self.prompt += usage["prompt_tokens"]
        self.cached += usage["prompt_tokens_details"]["cached_tokens"]
        self.ideal.add(sequence + tokens(text))
        messages += [{"role": "assistant", "content": text},
                     {"role": "user", "content": self.text(self.draw.randint(100, 180))}]

    def ask(self, messages):
        """Text and usage of a streamed reply."""
        body = {"messages": messages, "max_tokens": 90, "temperature": 0, "stream": True,
                "stream_options": {"include_usage": True}}
        with Connection(self.daemon_under_test.address, 120) as connection:
            began = time.monotonic()
            connection.send(message("POST", "/v1/chat/completions", body))
            reply = connection.read_head()
            equal(reply.status, 200, "the status")
            events = [(arrived, json.loads(data)) for arrived, data in connection.events(reply) if data != "[DONE]"]
        self.first_tokens.append(events[0][0] / 1e9 - began)
        self.replicas.append(reply.header("x-warmpath-replica"))
        deltas = (choice["delta"] for _, event in events for choice in event["choices"])
        usage = events[-1][1].get("usage")
        check(usage, "the last event has no usage")
        return "".join(delta.get("content", "") for delta in deltas), usage


class Outcome:
    """What sessions found: shares of the tokens of all prompts, and seconds to the first token."""

    def __init__(self, agents):
        prompt, cached, possible = (sum(getattr(agent, name) for agent in agents)
                                    for name in ("prompt", "cached", "possible"))
        self.cached, self.possible, self.of_ideal = cached / prompt, possible / prompt, cached / possible
        self.replicas_each = statistics.mean(len(set(agent.replicas)) for agent in agents)
        first_tokens = [seconds for agent in agents for seconds in agent.first_tokens]
        self.median = statistics.median(first_tokens)
        self.p90 = statistics.quantiles(first_tokens, n=10, method="inclusive")[-1]


def play(daemon, sessions, turns):
    """The Outcome of so many sessions at a time."""
    ideal = Ideal()
    agents = [Agent(number, daemon, turns, ideal) for number in range(sessions)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    for agent in agents:
        if agent.problem:
            raise agent.problem
    return Outcome(agents)
