"""KV events of stock engines, read by warmpath-feeds: what `kv` then believes of replicas is what they have."""

import json
import re
import threading

import zmq

from chat import body, long_text, unique
from ctl import Ctl
from harness import check, equal, test, wait_until

PROMPT = 700  # tokens or so
CACHE = 8 * PROMPT
FEEDS = '[feeds]\nrun = true\ninterval = "100ms"\nfresh = "60s"\n'
# Tokens a second: slow enough for a prompt's last block to be told of before the first of its reply is full.
DECODE = 200


def ports(replica):
    """Where it publishes and where it can be asked again."""
    found = re.search(r"^kv-events \S+ tcp://\S+:(\d+) replay tcp://\S+:(\d+)$", replica.process.out(), re.MULTILINE)
    return [int(port) for port in found.groups()]


def start_replica(case, name, **options):
    return case.replicas(1, **{"name_prefix": name, "engine": "vllm", "kv_tokens": CACHE, "kv_events_port": 0,
                               "decode_rate": DECODE, **options})[0]


class Fleet:
    """Two replicas, or those that are given with the ports of their events, behind a warmpathd that believes these."""

    def __init__(self, case, replicas=None, **options):
        self.case = case
        self.replicas = replicas or [(replica, ports(replica)) for replica in
                                     (start_replica(case, f"replica{number}", **options) for number in range(2))]
        rows = ", ".join('{url = "%s", kv_events = %d, kv_replay = %d}' % (replica.url, *at)
                         for replica, at in self.replicas)
        self.daemon = case.configured(FEEDS + '[[pool]]\nname = "default"\nstrategy = "kv"\n'
                                      f'health = {{enabled = false}}\nreplica = [{rows}]\n')
        self.ctl = Ctl(self.daemon)
        for replica, _ in self.replicas:
            wait_until(lambda: self.daemon.replica(replica)["knowledge"] == "precise", 10,
                       f"{replica.name} being told of", self.daemon.process.err)

    def counted(self, what):
        return self.daemon.metrics().sum("warmpath_replica_kv_events_total", what=what)

    def made_out(self):
        """Prompts of which something became, whatever it is."""
        return sum(self.counted(what) for what in ("matched", "unseen", "ambiguous", "contradicted", "untold", "lost"))

    def all_made_out(self, asked):
        wait_until(lambda: self.made_out() >= asked, 20, f"{asked} prompts being made out", self.counts)

    def counts(self):
        return str(self.daemon.metrics().by("warmpath_replica_kv_events_total", "what")) + self.daemon.process.err()

    def explain(self, question):
        """(candidates by their keys, all that is told)"""
        told = self.ctl.json("route", "explain", self.case.write("question.json", json.dumps(question)))
        return {candidate["replica"]: candidate for candidate in told["candidates"]}, told

    def believed(self, question):
        """By replica, the part of the prompt that is believed to be there."""
        candidates, told = self.explain(question)
        return {key: candidate.get("cached_tokens", 0) / told["estimated_tokens"]
                for key, candidate in candidates.items()}

    def told(self, replica):
        return (self.daemon.replica(replica)["holdings"] or {}).get("prefixes", 0)

    def ask(self, question):
        """(who was asked, the part of the prompt that was there)"""
        reply = self.daemon.post(question)
        equal(reply.status, 200, "the status")
        return reply.header("x-warmpath-replica"), (int(reply.header("x-replica-cached-tokens")) /
                                                    int(reply.header("x-replica-prompt-tokens")))


def right(believed, there):
    """A key is at most a quarter above the one before; a prompt's last block is not taken from the cache."""
    return there / 1.25 - 0.05 <= believed <= there + 0.1


def prompt(tokens=PROMPT):
    return body(long_text(tokens, unique()), 2)


@test
def test_kv_feeds_know_what_was_evicted(case):
    """More than both caches hold, one after the other, and in the opposite order again."""
    fleet = Fleet(case, kv_tokens=3 * PROMPT)
    questions = [prompt() for _ in range(10)]
    for number, question in enumerate(questions):
        fleet.ask(question)
        fleet.all_made_out(number + 1)
    # The first of an engine may be told of before the clocks are compared.
    check(fleet.counted("matched") >= len(questions) - 2, f"prompts that were not matched: {fleet.counts()}")
    beliefs = []
    for question in reversed(questions):
        believed = fleet.believed(question)
        matched = fleet.counted("matched")
        home, there = fleet.ask(question)
        if there < 0.9:  # else there is nothing to be seen of it
            wait_until(lambda: fleet.counted("matched") > matched, 20, "it being matched", fleet.counts)
        beliefs.append((believed[home], there))
    check(any(there > 0.9 for _, there in beliefs) and any(there < 0.1 for _, there in beliefs),
          f"nothing of it was there, or all: {beliefs}")
    share = sum(right(*one) for one in beliefs) / len(beliefs)
    check(share >= 0.9, f"a share of {share:.2f} of the picks believed what was there: {beliefs}")
    equal(fleet.daemon.metrics().sum("warmpath_holdings_total", result="refused"), 0, "reports that were refused")


@test
def test_kv_feeds_tell_prompts_apart_that_come_together(case):
    """Some of them begin alike, and some are of one length: what is not made out is not believed."""
    fleet = Fleet(case, kv_tokens=200 * PROMPT, kv_events_format="array", kv_events_hashes="binary")
    shared = long_text(PROMPT, unique())
    questions = [prompt(tokens) for tokens in (300, 300, 500, 700, 900, 1100)]
    questions += [body(shared + long_text(tokens, unique()), 2) for tokens in (100, 400, 800)]
    told = {}

    def ask(number):
        told[number] = fleet.ask(questions[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(told), len(questions), "replies")
    # Two of one length may be waited for until their ends are long ago.
    wait_until(lambda: fleet.counted("matched") >= len(questions) - 4, 20, "most of them being made out", fleet.counts)
    equal(fleet.counted("contradicted"), 0, "prompts that contradict one another")
    for number, question in enumerate(questions):
        home, _ = told[number]
        candidates, explained = fleet.explain(question)
        believed = candidates[home]["cached_tokens"] / explained["estimated_tokens"]
        replica = next(replica for replica, _ in fleet.replicas if replica.key == home)
        reply = replica.ask(question)
        there = int(reply.header("x-replica-cached-tokens")) / int(reply.header("x-replica-prompt-tokens"))
        check(right(believed, there), f"{believed:.2f} of {number} believed, {there:.2f} there: {explained}")


@test
def test_kv_feeds_notice_an_engine_that_was_restarted(case):
    fleet = Fleet(case)
    question = prompt()
    home, _ = fleet.ask(question)
    fleet.all_made_out(1)
    check(fleet.believed(question)[home] > 0.9, "not believed to be there")
    replica, (live, replay) = next(one for one in fleet.replicas if one[0].key == home)
    replica.process.kill()
    start_replica(case, "again", port=replica.address[1], kv_events_port=live, kv_replay_port=replay)
    wait_until(lambda: fleet.believed(question)[home] == 0, 20, "its cache being known to be empty", fleet.counts)
    wait_until(lambda: fleet.daemon.replica(replica)["knowledge"] == "precise", 20, "it being told of again",
               fleet.counts)
    while fleet.ask(question)[0] != home:  # it may go to the other one, which has it then
        question = prompt()
    wait_until(lambda: fleet.believed(question)[home] > 0.9, 20, "what it has now being known", fleet.counts)


class Lossy:
    """Stands between an engine's live events and who reads them, and lets some not through."""

    def __init__(self, context, port):
        self.losing = threading.Event()
        self.ending = threading.Event()
        self.lost = 0
        self.live = context.socket(zmq.SUB)
        self.live.subscribe(b"")
        self.live.connect(f"tcp://127.0.0.1:{port}")
        self.out = context.socket(zmq.PUB)
        self.port = self.out.bind_to_random_port("tcp://127.0.0.1")
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending.is_set():
            if not self.live.poll(50):
                continue
            frames = self.live.recv_multipart()
            if self.losing.is_set():
                self.lost += 1
            else:
                self.out.send_multipart(frames)

    def end(self):
        self.ending.set()
        self.thread.join()


def after_a_loss(case, **options):
    """A fleet of one that was asked for three prompts, and of the second's events nothing came through; and how many
    keys it was told to have by the first alone."""
    context = zmq.Context()
    replica = start_replica(case, "replica", **options)
    live, replay = ports(replica)
    lossy = Lossy(context, live)
    try:
        fleet = Fleet(case, [(replica, (lossy.port, replay))])
        fleet.ask(prompt())
        wait_until(lambda: fleet.told(replica) > 0, 20, "the first being told of", fleet.counts)
        alone = fleet.told(replica)
        lossy.losing.set()
        fleet.ask(prompt())
        wait_until(lambda: lossy.lost > 0, 10, "something being lost")
        lossy.losing.clear()
        fleet.ask(prompt())
        yield fleet, replica, alone
    finally:
        lossy.end()
        context.destroy(linger=0)


@test
def test_kv_feeds_ask_for_what_was_lost(case):
    for fleet, replica, alone in after_a_loss(case):
        wait_until(lambda: fleet.told(replica) >= 2.8 * alone, 20, "all three being told of", fleet.counts)
        equal(fleet.counted("anew"), 0, "times that everything was forgotten")


@test
def test_kv_feeds_begin_anew_behind_what_cannot_be_had_again(case):
    for fleet, replica, alone in after_a_loss(case, kv_events_kept=1):
        wait_until(lambda: fleet.counted("anew") > 0, 20, "everything being forgotten", fleet.counts)
        fleet.ask(prompt())
        wait_until(lambda: fleet.told(replica) > 0, 20, "what came behind it being told of", fleet.counts)
        check(fleet.told(replica) < 2.8 * alone, f"{fleet.told(replica)} keys, {alone} of the first: {fleet.counts()}")
        equal(fleet.daemon.metrics().sum("warmpath_holdings_total", result="refused"), 0, "reports that were refused")
