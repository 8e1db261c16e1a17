"""What was sent where outlives the process that sent it."""

import os
import signal

from chat import body, long_text, text_of, unique
from harness import check, equal, test

SYSTEM = long_text(1200, "You keep the log of a lighthouse. ")


class Conversation:
    """Turns without a session key: whoever serves the next finds it by what it was sent."""

    def __init__(self, number):
        self.history = [{"role": "system", "content": f"{number}. {SYSTEM}"}]
        self.replica = None

    def ask(self, daemon):
        """Why its replica was picked."""
        self.history.append({"role": "user", "content": unique()})
        reply = daemon.post(body(self.history, 4))
        equal(reply.status, 200, "the status")
        self.history.append({"role": "assistant", "content": text_of(reply)})
        self.replica = reply.header("x-replica-name")
        return reply.header("x-warmpath-decision")


def begin(case, replicas, state):
    daemon = case.warmpathd(replicas, state=state)
    return daemon, daemon.metrics().by("warmpath_residency_handover_total", "result")


def end(daemon):
    daemon.process.send(signal.SIGTERM)
    equal(daemon.process.wait(), 0, "the exit status")


def check_result(results, word):
    equal([result for result, count in results.items() if count], [word], "how the table began")


@test
def test_restart_keeps_what_is_where(case):
    """The next process numbers the replicas in another order, and has lost one."""
    replicas = case.replicas(4)
    state = os.path.join(case.directory, "state.json")
    daemon, results = begin(case, replicas, state)
    check_result(results, "none")
    conversations = [Conversation(number) for number in range(12)]
    for conversation in conversations:
        check(conversation.ask(daemon) != "resident", "a new conversation was resident")
    end(daemon)
    check(os.path.getsize(state + ".residency") < 1 << 20, "the file grows with the table, not with what is in it")

    lost = replicas[0]
    daemon, results = begin(case, replicas[:0:-1], state)
    check_result(results, "adopted")
    check(daemon.metrics().sum("warmpath_residency_adopted_entries") > 0, "nothing was taken up")
    check(not os.path.exists(state + ".residency"), "the file was not removed")
    for conversation in conversations:
        before = conversation.replica
        decision = conversation.ask(daemon)
        if before != lost.name:
            equal((conversation.replica, decision), (before, "resident"), "where the conversation went on, and why")
        else:
            check(decision != "resident", "a replica that is not here any more was believed to hold something")
    end(daemon)


@test
def test_restart_without_a_good_table_begins_empty(case):
    replicas = case.replicas(2)
    state = os.path.join(case.directory, "state.json")
    with open(state + ".residency", "wb") as file:
        file.write(b"no table of ours" * 100)
    daemon, results = begin(case, replicas, state)
    check_result(results, "foreign")
    check("residency: starting empty: " in daemon.process.err(), "the log does not say so")
    conversation = Conversation(0)
    conversation.ask(daemon)
    end(daemon)
    os.truncate(state + ".residency", os.path.getsize(state + ".residency") - 8)
    daemon, results = begin(case, replicas, state)
    check_result(results, "damaged")
    check(conversation.ask(daemon) != "resident", "an empty table found something")
