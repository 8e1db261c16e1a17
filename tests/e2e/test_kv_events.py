"""A simulated replica's KV events, read by other people's ZeroMQ and msgpack: they say what its cache has."""

import re

import msgpack
import zmq

from chat import body, long_text
from harness import check, equal, test, wait_until
from http_client import request

BLOCK = 16
BLOCKS = 64
NAMES = ("BlockStored", "BlockRemoved", "AllBlocksCleared")
STORED = ("block_hashes", "parent_block_hash", "token_ids", "block_size", "lora_id", "medium", "lora_name",
          "extra_keys")


def as_number(block):
    """What a block is called by default: of a digest the last eight bytes."""
    if isinstance(block, int):
        return block
    equal(len(block), 32, "the length of a block's digest")
    return int.from_bytes(block[-8:], "big")


class Mirror:
    """What a router knows of a cache that it is told of: blocks by what they are called there, int or bytes."""

    def __init__(self, called):
        self.called = called
        self.blocks = set()
        self.seen = dict.fromkeys(NAMES, 0)

    def apply(self, event):
        name, fields = self.parts(event)
        self.seen[name] += 1
        if name == "AllBlocksCleared":
            self.blocks.clear()
            return
        hashes = fields["block_hashes"]
        check(all(isinstance(block, self.called) for block in hashes), f"a block that is not called by {self.called}")
        if name == "BlockRemoved":
            check(self.blocks.issuperset(hashes), "a block is removed that is not there")
            self.blocks.difference_update(hashes)
            return
        equal((fields["block_size"], len(fields["token_ids"])), (BLOCK, BLOCK * len(hashes)), "the tokens of blocks")
        equal(len(fields["extra_keys"]), len(hashes), "extra keys")
        parent = fields["parent_block_hash"]
        check(parent is None or parent in self.blocks, "the parent of a stored block is not there")
        check(self.blocks.isdisjoint(hashes), "a block is stored twice")
        self.blocks.update(hashes)

    @staticmethod
    def parts(event):
        if isinstance(event, dict):
            return event["type"], event
        return event[0], dict(zip(STORED if event[0] == "BlockStored" else STORED[:1], event[1:]))


class Feed:
    """A subscriber of one replica, and an asker for what it missed."""

    def __init__(self, context, output, with_topic):
        live, replay = re.search(r"^kv-events \S+ (\S+) replay (\S+)$", output, re.MULTILINE).groups()
        self.with_topic = with_topic
        self.live = context.socket(zmq.SUB)
        self.live.subscribe(b"")
        self.live.connect(live)
        self.asker = context.socket(zmq.DEALER)
        self.asker.connect(replay)

    def next(self, milliseconds):
        """(number, batch) that was published; None when none comes in time."""
        if not self.live.poll(milliseconds):
            return None
        topic, number, batch = self.live.recv_multipart()
        equal(topic, b"kv@one", "the topic")
        return int.from_bytes(number, "big"), batch

    def replay(self, first):
        """{number: batch} from a number on."""
        self.asker.send_multipart([b"", first.to_bytes(8, "big")])
        batches = {}
        while True:
            check(self.asker.poll(10_000), "the replay does not end")
            empty, *frames = self.asker.recv_multipart()
            equal((empty, len(frames)), (b"", 3 if self.with_topic else 2), "the frames of a replay")
            number, batch = frames[-2:]
            if number == b"\xff" * 8:
                equal(batch, b"", "what ends a replay")
                return batches
            batches[int.from_bytes(number, "big")] = batch


def events_of(batch):
    unix_seconds, events, rank = msgpack.unpackb(batch, strict_map_key=False)
    check(isinstance(unix_seconds, float) and unix_seconds > 1.6e9 and rank == 0, f"a batch of {unix_seconds}, {rank}")
    return events


def cached_blocks(replica):
    return request(replica.address, "GET", "/kv").json()["cached_blocks"]


def first_live(feed, replica):
    """Asks until the subscription has arrived, for what was published before it is lost to it."""
    for number in range(100):
        equal(replica.ask(body(f"Is somebody there? {number} " + long_text(40), 8)).status, 200, "the status")
        if (batch := feed.next(100)) is not None:
            return batch
    raise AssertionError("nothing is published")


def follows_the_cache(case, encoding, hashes):
    """The numbers of the blocks that were stored last, in order."""
    replica = case.replicas(1, engine="vllm", kv_tokens=BLOCK * BLOCKS, kv_events_port=0, kv_events_topic="kv@one",
                            kv_events_format=encoding, kv_events_hashes=hashes, decode_rate=10_000)[0]
    context = zmq.Context()
    try:
        feed = Feed(context, replica.process.out(), encoding == "map")
        joined, batch = first_live(feed, replica)
        for number in range(12):  # more than the cache holds
            equal(replica.ask(body(f"{number} " + long_text(200), 40)).status, 200, "the status")
        batches = feed.replay(0)
        equal(list(batches), list(range(len(batches))), "the numbers of what is replayed")
        equal(batches[joined], batch, "what is replayed for what was published")
        mirror, stored, at = Mirror({"int": int, "binary": bytes}[hashes]), [], joined
        for number, old in batches.items():
            for event in events_of(old):
                equal(isinstance(event, dict), encoding == "map", "an event as a map")
                mirror.apply(event)
                name, fields = mirror.parts(event)
                stored += map(as_number, fields["block_hashes"] if name == "BlockStored" else ())
            if number > joined:
                at, published = feed.next(5000)
                equal((at, published), (number, old), "what was published, in order")
        equal(len(mirror.blocks), cached_blocks(replica), "blocks that are cached")
        check(mirror.seen["BlockRemoved"] > 0, "nothing was evicted")
        last = len(batches) - 1
        equal(list(feed.replay(last - 1)), [last - 1, last], "the last two, asked for again")

        equal(request(replica.address, "POST", "/reset_prefix_cache").status, 200, "the status of the reset")
        number, batch = feed.next(5000)
        equal(number, last + 1, "the number of the reset's batch")
        for event in events_of(batch):
            mirror.apply(event)
        equal((mirror.seen["AllBlocksCleared"], len(mirror.blocks)), (1, 0), "a cleared cache")
        equal(cached_blocks(replica), 0, "blocks that are cached")
        return stored[-BLOCKS:]
    finally:
        context.destroy(linger=0)


def named_alike(case, encoding):
    """The same requests fill caches with the same blocks, whatever these are called."""
    numbers, digests = (follows_the_cache(case, encoding, hashes) for hashes in ("int", "binary"))
    equal(digests, numbers, "the blocks that were stored last")


@test
def test_kv_events_as_maps_follow_the_cache(case):
    named_alike(case, "map")


@test
def test_kv_events_as_arrays_follow_the_cache(case):
    named_alike(case, "array")
