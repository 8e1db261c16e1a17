"""Many streams, slow readers, and events that leave in the turn they come in."""

import concurrent.futures
import statistics
import time

from chat import Stream, body, text_of, unique
from fleet import Settings
from harness import SLOW, check, equal, test, ticks, wait_until
from http_client import Connection


@test
def test_64_streams_of_200_events(case):
    daemon, replicas = case.pair(4, decode_rate=500, max_running=64)
    prompts = [unique(f"stream {number}") for number in range(64)]

    def run_stream(prompt):
        with Stream(daemon.address, body(prompt, 200), seconds=60) as stream:
            return stream.read_all(), len(stream.pieces)

    def ask_directly(number):
        return text_of(replicas[number % 4].ask(body(prompts[number], 200)))

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        streamed = list(pool.map(run_stream, prompts))
        direct = list(pool.map(ask_directly, range(64)))
    for number, ((text, pieces), expected) in enumerate(zip(streamed, direct)):
        equal(pieces, 200, f"the tokens of stream {number}")
        check(text == expected, f"stream {number} differs from what the replica says directly")
    equal(daemon.metrics().sum("warmpath_requests_total", outcome="completed"), 64, "completed requests")


@test
def test_slow_reader_leaves_memory_flat(case):
    """Eight clients read 1 KB a second of streams of over 20 MB each; warmpath must neither buffer nor slow others."""
    # Faster the readers are not, and a replica that cannot keep its own pace answers no health check meanwhile.
    daemon, (slow, other) = case.pair(2, decode_rate=20_000 // SLOW, kv_tokens=8_000_000,
                                      daemon={"strategy": "round-robin"})
    with Stream(daemon.address, body(unique(), 20_000), seconds=60) as warm:  # touches the buffers that any stream does
        warm.read_all()

    def relayed():
        return daemon.metrics().sum("warmpath_relayed_bytes_total")

    base = daemon.process.resident_bytes()
    readers = [Stream(daemon.address, body(unique(), 100_000), receive_buffer=4096) for _ in range(8)]
    for reader in readers:
        reader.head()
    wait_until(daemon.still, 20, "the replicas being held back")
    held_back = relayed()
    latencies = []
    sizes = []
    for _ in ticks(0.25, 16):
        for reader in readers:
            reader.connection.buffer = reader.connection.socket.recv(256)
        sizes.append(daemon.process.resident_bytes())
        latencies.append(timed_request(daemon))
    check(relayed() - held_back < 8 * 2**20, f"{(relayed() - held_back) / 2**20:.1f} MiB went to readers of 4 KB each")
    growth = max(sizes) - base
    # A sanitizer keeps freed memory, hence SLOW; buffering the streams would take 170 MiB.
    check(growth < 8 * 2**20 * SLOW, f"memory grew by {growth / 2**20:.1f} MiB for 8 readers of 1 KB/s")
    check(sizes[-1] - sizes[4] < 2**20 * SLOW, f"memory is not flat: {[size // 1024 for size in sizes]} KiB")
    check(statistics.median(latencies) < 0.1 * SLOW, f"others waited {statistics.median(latencies):.3f} s")
    for reader in readers:
        reader.connection.reset()
    for replica in (slow, other):
        wait_until(lambda replica=replica: replica.metrics().sum("replica_requests_running") == 0, 10,
                   "the replicas being free again")


def timed_request(daemon):
    began = time.monotonic()
    equal(daemon.post(body(unique(), 1)).status, 200, "another client's status")
    return time.monotonic() - began


@test
def test_events_leave_at_once(case):
    """A token must not wait for the next: the first and the last arrive when the replica says they left."""
    daemon, (replica,) = case.pair(1, decode_rate=20)
    with Stream(daemon.address, body(unique(), 12), {"X-Request-Id": "paced"}) as stream:
        stream.read_all()
        arrivals = stream.arrivals
    at = {event["event"]: event["at_ms"] for event in replica.events("paced")}
    first, last = arrivals[0] / 1e6 - at["first_token"], arrivals[-1] / 1e6 - at["done"]
    limit = 20 * SLOW
    check(first < limit, f"the first token took {first:.1f} ms through warmpath")
    check(last < limit, f"the last token took {last:.1f} ms through warmpath")
    gaps = [(after - before) / 1e6 for before, after in zip(arrivals, arrivals[1:])]
    check(min(gaps) > 10 or SLOW > 1, f"tokens 50 ms apart came in lumps: {[f'{gap:.0f}' for gap in gaps]} ms")


@test
def test_streams_follow_each_other_on_one_connection(case):
    daemon, (replica, _) = case.pair(2)
    with Connection(daemon.address) as connection:
        for _ in range(5):
            prompt = unique()
            stream = Stream(daemon.address, body(prompt, 30), connection=connection)
            equal(stream.read_all(), text_of(replica.ask(body(prompt, 30))), "the streamed text")
            check(connection.silent(), "bytes are left behind the stream")


@test
def test_transport_is_the_one_asked_for(case):
    daemon, _ = case.pair(1)
    text = daemon.process.out() + daemon.process.err()
    wanted = "epoll" if Settings.transport == "epoll" else "io_uring" if Settings.transport == "io_uring" else ""
    check(wanted in text, f"the daemon does not say that it runs on {wanted}: {text[-500:]}")
