#!/usr/bin/env python3
"""The demonstration that deploy/quickstart runs: sends conversations through a running warmpathd and prints which
replica served each request, why, how much of the prompt it still had, and the time to the first token.

usage: deploy/demo.py [--url http://127.0.0.1:8080] [--model NAME]
"""

import argparse
import http.client
import json
import os
import re
import statistics
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

REASONS = Path(__file__).resolve().parent.parent / "dataplane" / "base" / "reasons.h"
PLAIN = not sys.stdout.isatty() or "NO_COLOR" in os.environ

# About 1,500 tokens that both conversations begin with, as an agent's instructions do.
RULES = (
    "Answer the traveller's question first and explain afterwards, in words that a tired person can follow.",
    "When a connection is shorter than nine minutes, say so and offer the next one with its platform.",
    "Quote prices with their currency, the class they are for, and whether the fare can be given back.",
    "Never promise a seat: say how full the train usually is on that day and at that hour.",
    "If a line is closed, name the replacement bus, where it stops, and how much longer it takes.",
    "Ask for the date when it is missing, but assume today when the traveller is already on the way.",
)
SYSTEM = "You are the timetable assistant of a mountain railway.\n" + "\n".join(
    f"Rule {number}. {RULES[(number * 5) % len(RULES)]}" for number in range(1, 61)
)
CONVERSATIONS = {
    "A": ("Which train takes me to the lake before noon?", "And back in the evening?", "Is there a dining car?"),
    "B": ("Can I bring two bicycles on Sunday?", "What would that cost?", "Then I'd rather rent. Where?"),
}
PAIR = "Write a haiku about a train that waits for its last passenger. " * 40
STREAM = "Tell me the story of the railway, from its first winter on. " * 40


class Trouble(Exception):
    """What went wrong, in one line."""


@dataclass
class Answer:
    replica: str = "?"
    decision: str = "?"
    prompt: int | None = None
    cached: int | None = None
    first_token: float = 0.0
    arrivals: list = field(default_factory=list)
    text: str = ""

    @property
    def share(self):
        if self.prompt is None or self.cached is None:
            return None
        return self.cached / max(1, self.prompt)


def number(text):
    return int(text) if text and text.isdigit() else None


class Client:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise Trouble(f"{url} is not an http:// URL")
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=600)
        self.url = url

    def call(self, method, path, body=None, headers=None):
        try:
            payload = json.dumps(body) if body is not None else None
            self.connection.request(method, path, payload, {"Content-Type": "application/json", **(headers or {})})
            response = self.connection.getresponse()
        except OSError as error:
            raise Trouble(f"no answer from {self.url}: {error}") from None
        if response.status != 200:
            raise Trouble(f"{method} {path}: {response.status} {response.read().decode(errors='replace').strip()}")
        return response

    def first_model(self):
        models = json.loads(self.call("GET", "/v1/models").read()).get("data") or []
        if not models:
            raise Trouble("the replicas serve no model; name one with --model")
        return models[0]["id"]

    def chat(self, model, messages, max_tokens, session=None):
        """Streams one reply and times it; `session` is what a client that keeps one says in its header."""
        body = {
            "model": model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        began = time.monotonic()
        response = self.call("POST", "/v1/chat/completions", body, {"X-Session-ID": session} if session else None)
        answer = Answer(
            replica=response.getheader("x-replica-name") or response.getheader("x-warmpath-replica") or "?",
            decision=response.getheader("x-warmpath-decision") or "?",
            prompt=number(response.getheader("x-replica-prompt-tokens")),
            cached=number(response.getheader("x-replica-cached-tokens")),
        )
        for line in iter(response.readline, b""):
            if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
                take_event(answer, json.loads(line[5:]), time.monotonic() - began)
        if not answer.arrivals:
            raise Trouble("the stream ended without a token")
        answer.first_token = answer.arrivals[0]
        return answer


def take_event(answer, event, elapsed):
    if "error" in event:
        raise Trouble(f"the stream reported {event['error']}")
    usage = event.get("usage") or {}
    answer.prompt = usage.get("prompt_tokens", answer.prompt)
    details = usage.get("prompt_tokens_details") or {}
    answer.cached = details.get("cached_tokens", answer.cached)
    for choice in event.get("choices") or []:
        delta = choice.get("delta") or {}
        text = delta.get("content") or delta.get("reasoning_content")
        if text:
            answer.text += delta.get("content") or ""
            answer.arrivals.append(elapsed)


def paint(code, text):
    return text if PLAIN else f"\033[{code}m{text}\033[0m"


class Table:
    """Prints rows as they happen and remembers what the closing lines sum up."""

    COLUMNS = "  {:<13} {:<16} {:<13} {:>7} {:>7}"

    def __init__(self):
        self.answers = []
        columns = self.COLUMNS.format("request", "replica", "decision", "prompt", "cached")
        print(paint("1", f"{columns} {'TTFT':>9}"))

    def add(self, name, answer, note=""):
        self.answers.append(answer)
        cached = "?" if answer.share is None else f"{answer.share:.0%}"
        colour = "33" if answer.share is not None and answer.share < 0.5 else "32"
        columns = self.COLUMNS.format(name, answer.replica, answer.decision, answer.prompt or "?", cached)
        first = f"{answer.first_token * 1000:.0f} ms"
        print(f"{columns} {paint(colour, f'{first:>9}')}  {note}".rstrip(), flush=True)

    def why(self):
        """What each decision word that was seen means, from the list that all words come from."""
        words = list(dict.fromkeys(answer.decision for answer in self.answers))
        try:
            source = REASONS.read_text(encoding="utf-8")
        except OSError:
            return
        for word in words:
            found = re.search(rf'X\({re.escape(word)},\s*decide,.*?"(.*)"\)', source)
            if found:
                print(f"  {paint('2', word + ': ' + found.group(1))}")

    def summary(self):
        known = [answer for answer in self.answers if answer.share is not None]
        cold = [answer.first_token for answer in known if answer.share < 0.5]
        warm = [answer.first_token for answer in known if answer.share >= 0.5]
        if not cold or not warm:
            print("  The replicas do not say what they had cached: compare the TTFT of first and later turns.")
            return
        cold, warm = statistics.median(cold) * 1000, statistics.median(warm) * 1000
        print(f"  Time to first token, median: {cold:.0f} ms cold, {paint('1;32', f'{warm:.0f} ms warm')} "
              f"({cold / warm:.1f} times sooner)")


def converse(client, model, table):
    """Two conversations, turn by turn in alternation, both with the same system prompt."""
    histories = {name: [{"role": "system", "content": SYSTEM}] for name in CONVERSATIONS}
    for turn in range(3):
        for name, questions in CONVERSATIONS.items():
            history = histories[name]
            history.append({"role": "user", "content": questions[turn]})
            answer = client.chat(model, history, 24)
            history.append({"role": "assistant", "content": answer.text})
            table.add(f"{name}, turn {turn + 1}", answer)


def demonstrate(client, model):
    table = Table()
    converse(client, model, table)
    for name in ("pair, first", "pair, second"):
        table.add(name, client.chat(model, [{"role": "user", "content": PAIR}], 16))
    answer = client.chat(model, [{"role": "user", "content": STREAM}], 48, session="demo")
    gaps = [after - before for before, after in zip(answer.arrivals, answer.arrivals[1:])]
    pace = f", {statistics.median(gaps) * 1000:.0f} ms apart" if gaps else ""
    table.add("a stream", answer, f"{len(answer.arrivals)} events{pace}")
    print()
    table.why()
    table.summary()


def main():
    parser = argparse.ArgumentParser(description="Sends a demonstration through a running warmpathd.")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where warmpathd listens")
    parser.add_argument("--model", help="the model to ask for (default: the first that /v1/models lists)")
    arguments = parser.parse_args()
    try:
        client = Client(arguments.url)
        demonstrate(client, arguments.model or client.first_model())
    except (Trouble, http.client.HTTPException, ValueError) as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    main()
