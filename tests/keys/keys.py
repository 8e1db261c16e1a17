"""The keys of doc/KEYS.md in another language, as a third party would compute them: it shares no code with warmpath."""

import dataclasses
import json
import struct

import xxhash

TEXT_END, PIECE, END = b"\xf8", b"\xf9", b"\xfa"
END_OF_TOKENS = b"\xff" * 4

ADAPTERS = ("adapter", "adapter_id", "lora", "lora_name", "lora_path")
TEXT_TYPES = ("text", "input_text", "output_text", "", None)
MOST_SORTED = 256

SESSION_HEADERS = ("x-session-id", "session-id", "session_id", "x-conversation-id", "x-claude-code-session-id",
                   "x-session-affinity", "x-dynamo-session-id", "x-smg-routing-key", "x-aibrix-session-key")
SESSION_FIELDS = ("prompt_cache_key", "conversation", "conversation_id", "session_id", "session_params.session_id",
                  "user", "user_id", "metadata.user_id")

BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
LEAST_MEDIUM = 256

STEPS = 53
FIRST_STEP = 256
FIRST_CHUNK = 1024
TURN_ENDS = 9


class Members(list):
    """An object as it stands: pairs of key and value. A dictionary would lose order and repeated keys."""

    def get(self, key):
        """The value; None where it is missing or null."""
        return next((value for name, value in self if name == key), None)


def read_float(text):
    number = float(text)
    return max(-1e308, min(1e308, number)) if abs(number) == float("inf") else number


def parse(body):
    return json.loads(body, object_pairs_hook=Members, parse_float=read_float)


def digest(seed, data):
    return xxhash.xxh3_64_intdigest(data, seed=seed) or 1


# --- the stream


def text(string):
    return string.encode() + TEXT_END


def number(value):
    if isinstance(value, float) and value.is_integer() and -2**63 <= value < 2**64:
        value = int(value)
    elif isinstance(value, int) and not -2**63 <= value < 2**64:
        try:
            return number(float(value))
        except OverflowError:
            return number(1e308 if value > 0 else -1e308)
    if isinstance(value, float):
        return b"d" + struct.pack("<d", value)
    return b"i" + struct.pack("<q", value) if value < 2**63 else b"u" + struct.pack("<Q", value)


def tokens_of_medium(string):
    """0 where it is none."""
    if string.startswith("data:"):
        mark = string[:128].find(";base64,")
        if mark < 0:
            return 0
        string = string[mark + len(";base64,"):]
    if len(string) < LEAST_MEDIUM or not BASE64.issuperset(string[:LEAST_MEDIUM]):
        return 0
    size = len(string) // 4 * 3
    riff = string[12:16] if string.startswith("UklGR") else ""
    if riff == "RUJQ" or string.startswith(("/9j/", "iVBORw0KGgo", "R0lGOD")):
        return min(max(size // 188, 64), 1600)
    if riff == "QVZF" or string.startswith(("SUQz", "//", "T2dnUw", "ZkxhQ")):
        return max(size // 1024, 16)
    return max(size // 188, 64)


def members(pairs, media):
    if len(pairs) <= MOST_SORTED:
        pairs = sorted(pairs, key=lambda member: member[0].encode())
    return pairs


def bare(pairs, media=False):
    """An object of tools or of a content."""
    return json_object(members(pairs, media), media, without="cache_control")


def json_object(pairs, media, without=None):
    return b"o" + b"".join(text(key) + value_of(value, media) for key, value in pairs if key != without) + END


def value_of(value, media=False):
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, str):
        tokens = tokens_of_medium(value) if media else 0
        if tokens > 0:
            return b"b" + struct.pack("<Q", digest(0, value.encode())) * (tokens // 2)
        return b"s" + text(value)
    if isinstance(value, Members):
        return json_object(members(value, media), media)
    if isinstance(value, list):
        return b"l" + b"".join(value_of(entry, media) for entry in value) + END
    return number(value)


def piece(letter, payload):
    return PIECE + letter.encode() + payload


def part(entry):
    if isinstance(entry, str):
        return piece("c", text(entry))
    kind = entry.get("type")
    if kind in TEXT_TYPES and entry.get("text") is not None:
        return piece("c", text(entry.get("text")))
    if kind == "tool_result":
        return piece("u", text(entry.get("tool_use_id") or "") + content(entry.get("content")) + END)
    return piece("p", bare(entry, media=True))


def content(body):
    if body is None:
        return b""
    return b"".join(part(entry) for entry in ([body] if isinstance(body, str) else body))


@dataclasses.dataclass
class Turn:
    data: bytes
    preamble: bool = False  # of the system or the developer
    question: bool = False  # of the user, or a prompt


def message(role, body, more=None):
    more = more or Members()
    data = piece("r", text(role))
    if more.get("name"):
        data += piece("n", text(more.get("name")))
    for key in ("reasoning_content", "reasoning"):
        if more.get(key) is not None:
            data += piece("h", value_of(more.get(key)))
    data += content(body)
    for letter, key in (("k", "tool_calls"), ("q", "function_call")):
        if more.get(key) is not None:
            data += piece(letter, value_of(more.get(key)))
    if more.get("tool_call_id"):
        data += piece("i", text(more.get("tool_call_id")))
    return Turn(data + END, role in ("system", "developer"), role == "user")


def messages(entries):
    return [message(entry.get("role") or "", entry.get("content"), entry) for entry in entries or ()]


def prompt_of_tokens(tokens):
    return Turn(piece("y", b"".join(struct.pack("<I", token) for token in tokens) + END_OF_TOKENS), question=True)


def prompt(entry):
    if isinstance(entry, str):
        return Turn(piece("x", text(entry)), question=True)
    if isinstance(entry, Members):
        return Turn(piece("p", value_of(entry, media=True)), question=True)
    return prompt_of_tokens(entry)


def prompts(given):
    if isinstance(given, str):
        return [prompt(given)]
    if given and isinstance(given[0], int):
        return [prompt_of_tokens(given)]
    return [prompt(entry) for entry in given or ()]


def items(given):
    if isinstance(given, str):
        return [message("user", given)]
    turns = []
    for item in given or ():
        kind = item.get("type")
        if kind == "message" or (not kind and item.get("role") is not None):
            turns += messages([item])
        else:
            turns.append(Turn(piece("z", value_of(item, media=True))))
    return turns


def system(body):
    return [] if body is None else [message("system", body)]


def turns_of(path, body):
    if path == "/v1/chat/completions":
        return messages(body.get("messages"))
    if path == "/v1/messages":
        return system(body.get("system")) + messages(body.get("messages"))
    if path == "/v1/responses":
        return system(body.get("instructions")) + items(body.get("input"))
    if path == "/v1/completions":
        return prompts(body.get("prompt"))
    assert path == "/v1/embeddings", path
    return messages(body.get("messages")) if body.get("messages") is not None else prompts(body.get("input"))


def before_turns(body):
    data = b""
    for letter, key in (("m", "model"), ("s", "cache_salt")):
        if body.get(key):
            data += piece(letter, text(body.get(key)))
    for key in ADAPTERS:
        if body.get(key) is not None:
            data += piece("a", text(key) + value_of(body.get(key)))
    for letter, key in (("t", "tools"), ("f", "functions")):
        for entry in body.get(key) or ():
            data += piece(letter, bare(entry))
    return data


# --- the keys


def rungs(key, stream, turns, start):
    """{end: what it is, in the order of the page}, and the end of the question or None."""
    kinds = {}
    end, question, turn_ends, preamble = start, None, [], None
    for turn in turns:
        if preamble is None and not turn.preamble:
            preamble = end
        end += len(turn.data)
        turn_ends.append(end)
        if question is None and turn.question:
            question = end
    step = FIRST_STEP
    for _ in range(STEPS):
        if step <= len(stream):
            kinds.setdefault(step, []).append("step")
        step += step // 4
    kinds.setdefault(len(stream) if preamble is None else preamble, []).append("preamble")
    if question is not None:
        kinds.setdefault(question, []).append("question")
    for one in turn_ends[-TURN_ENDS:]:
        kinds.setdefault(one, []).append("turn")
    if not turn_ends:
        kinds.setdefault(len(stream), []).append("whole")
    kinds.pop(0, None)
    return [[end, " ".join(kinds[end]), digest(key, stream[:end])] for end in sorted(kinds)], question


def session_id(path, headers, body):
    """A text; empty where nobody named one."""
    for name in SESSION_HEADERS:
        if headers.get(name):
            return headers[name]
    for field in SESSION_FIELDS:
        if field == "metadata.user_id" and path != "/v1/messages":
            continue
        outer, _, inner = field.partition(".")
        value = body.get(outer)
        if inner and value is not None:
            value = value.get(inner)
        elif field == "conversation" and isinstance(value, Members):
            value = value.get("id")
        if value is not None and str(value):
            return str(value)
    return ""


def keys(hash_key, path, headers, body):
    """What doc/vectors/keys.json has of one body, as it stands there."""
    body = parse(body)
    headers = {name.lower(): value for name, value in headers.items()}
    stream = before_turns(body)
    turns = turns_of(path, body)
    start = len(stream)
    stream += b"".join(turn.data for turn in turns)
    found, question = rungs(hash_key, stream, turns, start)
    chunk = min(len(stream), FIRST_CHUNK, len(stream) if question is None else question)
    first_chunk = digest(hash_key, stream[:chunk])
    derived = first_chunk if question is None or path == "/v1/completions" else digest(hash_key, stream[:question])
    named = session_id(path, headers, body)
    credential = headers.get("authorization", headers.get("x-api-key", ""))
    session = digest(digest(hash_key, credential.encode()), named.encode()) if named else None
    return {
        "stream": stream.hex(),
        "rungs": [[end, kind, f"{rung:016x}"] for end, kind, rung in found],
        "first_chunk": f"{first_chunk:016x}",
        "session": None if session is None else f"{session:016x}",
        "derived_session": f"{derived:016x}",
    }
