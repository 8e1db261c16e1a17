"""Chat completions of an exact size: what an SDK sends for a conversation, with the escapes that real text has."""

import json

TEXTS = (
    "Explain how a load balancer decides where a request goes, and why \"warm\" replicas answer sooner.",
    "A replica keeps the keys and values of what it has read.\nA request that begins the same way skips that work:\n"
    "- the system prompt,\n- the tools,\n- the turns before this one.",
    "Und wenn alle Replikate ausgelastet sind? Bitte mit Zahlen – 1 %, 10 % und 50 % über dem Mittel.",
    "Then the next one on the ring takes it:\n\n    pick = walk(ring, key)[0 if load(r) <= bound else 1]\n\n"
    "The bound is 1.25 times the fair share, so no replica is more than a quarter over the mean.",
)
FILLER = "Please go on, and say for each step what it costs and where it fails. "


def conversation(size):
    """A JSON text of `size` bytes: a system prompt, then turns, the last one cut to fit."""
    messages = [{"role": "system", "content": "You are a careful assistant. Answer in a few sentences."}]
    body = {"model": "bench", "messages": messages, "temperature": 0.7, "max_tokens": 256, "stream": False}

    def length():
        return len(json.dumps(body, ensure_ascii=False).encode())

    turn = 0
    while True:
        # People write a paragraph, models a page: 200 and 1,000 bytes, as in shared conversations.
        role, texts = ("assistant", 4 + turn % 11) if turn % 2 else ("user", 1 + turn % 3)
        messages.append({"role": role, "content": " ".join(TEXTS[(turn + i) % len(TEXTS)] for i in range(texts))})
        if length() > size:
            messages.pop()
            break
        turn += 1
    messages.append({"role": "user", "content": ""})
    if length() > size:
        messages.pop(-2)
    room = size - length()
    messages[-1]["content"] = (FILLER * (1 + room // len(FILLER)))[:room]
    text = json.dumps(body, ensure_ascii=False).encode()
    if len(text) != size:
        raise ValueError(f"no conversation fits into {size} bytes")
    return text
