"""Our own cases of requests, cases/*.cases but those of replies.

Expectations: "accept METHOD TARGET [BODY]" (the body as Python shows bytes), "refuse STATUS WORD", or "wait". With
"! close" the connection must be closed in the end, with "! open" not; a refusal closes unless "! open" says otherwise.
"""

from harness import check, equal


def judge(judge_, block):
    """Returns the verdict in words; raises Failure when it is not the expected one."""
    verdict = judge_.ask(block.raw)
    equal(verdict.steps, block.expected, f"the verdict ({verdict})")
    refused = any(step.startswith("refuse") for step in verdict.steps)
    if "close" in block.settings or (refused and "open" not in block.settings):
        check(verdict.closed, f"the connection stays open after {verdict}")
    if "open" in block.settings:
        check(not verdict.closed, f"the connection is closed after {verdict}")
    return str(verdict)
