"""Requests as clients make them, and streams as clients read them."""

import itertools
import json

from fleet import MODEL
from harness import check, equal
from http_client import Connection, message

_numbers = itertools.count(1)

FILLER = ("the lamp keeper walks the long stair at dusk and counts each step so that none is lost to the wind ",
          "a boat with a red sail waits in the bay until the tide has carried the last gull out of sight ",
          "nobody in the village remembers who planted the old elm that shades the well in the square ")


def unique(text="Tell me about lighthouses"):
    """A prompt that no other request of this run has."""
    return f"{next(_numbers)}: {text}"


def long_text(tokens, first=""):
    """About `tokens` tokens of four bytes, beginning with `first`."""
    pieces = [first]
    size = len(first)
    for number in itertools.count():
        if size >= tokens * 4:
            return "".join(pieces)[: tokens * 4]
        pieces.append(FILLER[number % len(FILLER)])
        size += len(pieces[-1])


def body(prompt, max_tokens=8, system=None, **extra):
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    if system is not None:
        messages = [{"role": "system", "content": system}, *messages]
    return {"model": MODEL, "messages": messages, "max_tokens": max_tokens, **extra}


def text_of(reply):
    equal(reply.status, 200, f"the reply's status ({reply.body[:200]!r})")
    return reply.json()["choices"][0]["message"]["content"]


class Stream:
    """A chat completion that is streamed over its own connection, or over one that is given."""

    def __init__(self, address, request_body, headers=None, seconds=20.0, connection=None, receive_buffer=None):
        self.connection = connection or Connection(address, seconds, receive_buffer)
        self.connection.send(message("POST", "/v1/chat/completions", {**request_body, "stream": True}, headers))
        self.reply = None
        self.arrivals = []
        self.pieces = []
        self.finish = None
        self.done = False
        self._events = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def head(self):
        if self.reply is None:
            self.reply = self.connection.read_head()
            equal(self.reply.status, 200, "the stream's status")
            check(self.reply.header("content-type").startswith("text/event-stream"), "the stream is no event stream")
            self._events = self.connection.events(self.reply)
        return self.reply

    def tokens(self):
        """Yields each token's text as it comes, and checks the order of what frames them."""
        self.head()
        for arrived, data in self._events:
            check(not self.done, f"an event after [DONE]: {data[:100]}")
            if data == "[DONE]":
                self.done = True
                continue
            choices = json.loads(data)["choices"]
            text = choices[0]["delta"].get("content") if choices else None
            if text:
                check(self.finish is None, "a token after the finish reason")
                self.arrivals.append(arrived)
                self.pieces.append(text)
                yield text
            if choices and choices[0]["finish_reason"]:
                check(self.finish is None, "two finish reasons")
                self.finish = choices[0]["finish_reason"]

    def take(self, count):
        """Reads until `count` more tokens have come."""
        tokens = self.tokens()
        for _ in range(count):
            check(next(tokens, None) is not None, f"the stream ended after {len(self.pieces)} tokens")

    def read_all(self):
        """The whole text; the stream must end as it should."""
        for _ in self.tokens():
            pass
        check(self.done, "the stream ended without [DONE]")
        check(self.finish is not None, "the stream ended without a finish reason")
        return "".join(self.pieces)
