"""The strategy `kv`: a reporter that is nobody's but the test's follows the replicas' KV events, without a tokenizer,
and tells what they hold in the published keys; picks believe that and nothing else."""

import json
import os
import re
import sys

import msgpack
import zmq

from chat import body, long_text, unique
from ctl import Ctl
from fleet import pool
from harness import check, equal, test, wait_until
from test_kv_events import BLOCK, Feed, Mirror, cached_blocks

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "keys"))
import keys  # noqa: E402

UNCHECKED = "health = {enabled = false}"
CHAT = "/v1/chat/completions"
PROMPT = 700  # tokens or so
CACHE = 8 * PROMPT


def rungs_of(question):
    """[(end, key)] and the length of the stream."""
    made = keys.keys(0, CHAT, {}, json.dumps(question))
    return [(end, key) for end, _, key in made["rungs"]], len(made["stream"]) // 2


class Cache:
    """What one replica's events tell, and what of it stands in the keys of prompts that it was sent."""

    def __init__(self, context, replica):
        self.replica = replica
        self.feed = Feed(context, replica.process.out(), with_topic=True)
        self.mirror = Mirror(int)
        self.parents = {}
        self.read = 0  # batches
        self.rungs = {}  # key: the block that ends where it does, or behind it
        self.told = set()
        self.sequence = 0

    def follow(self):
        """Reads what happened; the blocks that were stored since the last time, in order."""
        stored = []

        def caught_up():
            for number, batch in self.feed.replay(self.read).items():
                self.read = number + 1
                for event in msgpack.unpackb(batch, strict_map_key=False)[1]:
                    self.mirror.apply(event)
                    if event["type"] == "BlockStored":
                        parent = event["parent_block_hash"]
                        for block in event["block_hashes"]:
                            self.parents[block], parent = parent, block
                            stored.append(block)
            return len(self.mirror.blocks) == cached_blocks(self.replica)

        wait_until(caught_up, 10, f"the events of {self.replica.name} telling what it has")
        return stored

    def chain(self, last):
        blocks = []
        while last is not None:
            blocks.append(last)
            last = self.parents[last]
        return blocks[::-1]

    def answered(self, question, prompt_tokens):
        """It was asked that, alone: what was stored now is that prompt, and the reply behind it."""
        stored = self.follow()
        if not stored:
            return
        chain = self.chain(stored[-1])
        rungs, size = rungs_of(question)
        for end, key in rungs:
            blocks = -(-end * prompt_tokens // (size * BLOCK))  # rounded up: all of it is to be there
            if blocks <= prompt_tokens // BLOCK:
                self.rungs[key] = chain[blocks - 1]
            else:
                self.rungs.setdefault(key, None)

    def report(self):
        held = {key for key, block in self.rungs.items() if block in self.mirror.blocks}
        self.sequence += 1
        gone = [key for key in self.rungs if key not in held] if self.sequence > 1 else []
        report = {"replica": self.replica.key, "sequence": self.sequence, "cleared": self.sequence == 1,
                  "holds": sorted(held - self.told), "dropped": gone}
        self.told = held
        return report


class Fleet:
    def __init__(self, case, context, strategy):
        self.replicas = [case.replicas(1, name_prefix=f"replica{number}", engine="vllm", kv_tokens=CACHE,
                                       kv_events_port=0, kv_events_topic="kv@one", decode_rate=10_000)[0]
                         for number in range(2)]
        self.daemon = case.configured('[feeds]\nfresh = "60s"\n' + pool("default", self.replicas,
                                                                        f'strategy = "{strategy}"\n{UNCHECKED}'))
        self.caches = {replica.key: Cache(context, replica) for replica in self.replicas}
        self.case = case
        self.ctl = Ctl(self.daemon)

    def tell(self):
        reports = [cache.report() for cache in self.caches.values()]
        with self.daemon.control() as control:
            reply = control.post_text("/v1/reports", json.dumps({"version": 1, "reporter": "test",
                                                                 "holdings": reports}))
        equal((reply.status, reply.json()["holdings"]["refused"]), (200, []), "what is said to the reports")

    def explain(self, question):
        told = self.ctl.json("route", "explain", self.case.write("question.json", json.dumps(question)))
        return {candidate["replica"]: candidate for candidate in told["candidates"]}, told

    def ask(self, question, tell=True):
        """(what a pick believed of the prompt, what was there), as parts of it, and who was asked."""
        candidates, told = self.explain(question)
        reply = self.daemon.post(question)
        equal(reply.status, 200, "the status")
        key = reply.header("x-warmpath-replica")
        tokens = int(reply.header("x-replica-prompt-tokens"))
        there = int(reply.header("x-replica-cached-tokens")) / tokens
        believed = candidates[key].get("cached_tokens", 0) / told["estimated_tokens"]
        self.caches[key].answered(question, tokens)
        if tell:
            self.tell()
        return believed, there, key


def right(believed, there):
    """A rung is at most a quarter above the one before, and never above what is there."""
    return there / 1.25 - 0.05 <= believed <= there + 0.03


def share_of_right_picks(case, strategy):
    """Of a second round of more conversations than both caches hold."""
    context = zmq.Context()
    try:
        fleet = Fleet(case, context, strategy)
        fleet.tell()
        questions = [body(long_text(PROMPT, unique()), 2) for _ in range(24)]
        for question in questions:
            fleet.ask(question)
        beliefs = [fleet.ask(question) for question in reversed(questions)]
        evicted = sum(cache.mirror.seen["BlockRemoved"] for cache in fleet.caches.values())
        check(evicted > 0, "nothing was evicted")  # which of the two has more than its share is chance
        check(any(there > 0.9 for _, there, _ in beliefs) and any(there < 0.1 for _, there, _ in beliefs),
              "nothing of it was there, or all")
        equal(fleet.daemon.metrics().sum("warmpath_holdings_gaps_total"), 0, "gaps")
        return sum(right(believed, there) for believed, there, _ in beliefs) / len(beliefs), beliefs
    finally:
        context.destroy(linger=0)


@test
def test_kv_knows_what_was_evicted(case):
    share, beliefs = share_of_right_picks(case, "kv")
    check(share >= 0.9, f"a share of {share:.2f} of the picks believed what was there: {beliefs}")


@test
def test_kv_warm_cannot_know_what_was_evicted_unless_it_is_told(case):
    share, beliefs = share_of_right_picks(case, "warm")
    check(share <= 0.8, f"a share of {share:.2f} of the picks believed what was there: {beliefs}")


@test
def test_kv_shows_what_it_goes_by(case):
    context = zmq.Context()
    try:
        fleet = Fleet(case, context, "kv")
        question = body(long_text(PROMPT, unique()), 2)
        candidates, _ = fleet.explain(question)
        equal({candidate["knowledge"] for candidate in candidates.values()}, {"untold"}, "how replicas are known")
        fleet.tell()
        _, there, home = fleet.ask(question)
        equal(there, 0, "what was there of a new prompt")
        candidates, told = fleet.explain(question)
        equal({candidate["knowledge"] for candidate in candidates.values()}, {"precise"}, "how replicas are known")
        check(candidates[home]["cached_tokens"] > 0.7 * told["estimated_tokens"], f"not known to be there: {told}")
        equal(told["decision"], "resident", "the decision")
        metrics = fleet.daemon.metrics()
        equal(metrics.sum("warmpath_replica_holdings", replica=home), len(fleet.caches[home].told), "keys told")
        check(re.search(r"precise, told \d+\.\ds", fleet.ctl.ok("replicas", "list")), "not shown to people")

        lost = {**fleet.caches[home].report(), "sequence": 99}
        with fleet.daemon.control() as control:
            reply = control.post_text("/v1/reports", json.dumps({"version": 1, "reporter": "test",
                                                                 "holdings": [lost]}))
        equal(reply.status, 422, "the status of a report behind a gap")
        check("begin anew" in reply.json()["holdings"]["refused"][0]["error"], f"the reason: {reply.json()}")
        candidates, _ = fleet.explain(question)
        equal((candidates[home]["knowledge"], candidates[home].get("cached_tokens", 0)), ("untold", 0),
              "what is believed behind a gap")
        equal(fleet.daemon.metrics().sum("warmpath_holdings_gaps_total"), 1, "gaps")
        equal(fleet.daemon.post(question).status, 200, "the status")
    finally:
        context.destroy(linger=0)
