"""Words and headers that do not belong, and what to write instead."""
import re

# The folders of protocol code: bytes and `now` in, output and events out.
PROTOCOL = ("dataplane/stream", "dataplane/wire", "dataplane/tcp", "dataplane/http", "dataplane/prompt",
            "dataplane/balance", "dataplane/cache", "dataplane/proxy")
# Of these, what runs for each request: balance also holds what the control thread builds.
PER_REQUEST = tuple(folder for folder in PROTOCOL if folder != "dataplane/balance")
DATAPLANE = ("dataplane",)
PRODUCTION = ("dataplane", "controlplane", "tools")

# (where, pattern, what to do instead); code without comments and strings is searched. "" is everywhere.
CODE = [
    (("",), r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", "std::string_view, std::format_to_n's kin or fmt"),
    (("",), r"\b(atoi|atol|atoll|atof|strtol|strtoul)\s*\(", "std::from_chars: it says what was wrong"),
    (("",), r"\bstd::endl\b", "'\\n': endl flushes"),
    (("",), r"\busing\s+namespace\b(?!\s+std::\w*literals\b)", "open the namespace, or name what you use"),
    (("",), r"\bvolatile\b", "std::atomic"),
    (("",), r"(?<![\w:])assert\s*\(", "WP_ASSERT, which stays on in every build"),
    (("",), r"#\s*include\s*<(cassert|assert\.h)>", "dataplane/base/assert.h"),
    (("",), r"\b(std::)?(rand|srand|random|drand48)\s*\(\s*\)|\bsrand\s*\(", "wp::Rng, seeded and passed in"),
    (("",), r"\bstd::(random_device|mt19937(_64)?|default_random_engine)\b|#\s*include\s*<random>",
     "wp::Rng, seeded and passed in"),
    (("",), r"\bgoto\b", "a function that returns"),
    (("",), r"#\s*include\s*<bits/", "the standard header"),
    (("",), r"\b__builtin_prefetch\b", "prefetch_line(): GCC drops the calls of whoever only prefetches"),
    (("",), r"\bno_sanitize\b", "mend what the sanitizer found"),
    (("",), r"\bDISABLED_\w+", "mend the test or take it away: nothing is skipped in silence"),
    (PROTOCOL + ("dataplane/net", "dataplane/shard", "controlplane", "tools", "tests"),
     r"\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.:])sleep\s*\(",
     "wait for the condition (poll, a timer, a semaphore), or own the clock"),
    (("dataplane",), r"\b(steady_clock|system_clock|high_resolution_clock|utc_clock|tai_clock)\b|\bclock_gettime\b"
     r"|\bgettimeofday\b|\brte_rdtsc\w*|\brte_get_\w+_cycles\b|\b__rdtsc\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)"
     r"|#\s*include\s*<(chrono|ctime|time\.h|sys/time\.h)>",
     "take an Instant: only the daemon's loop reads a clock"),
    (PROTOCOL + ("dataplane/base",),
     r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token)>"
     r"|\bstd::(thread|jthread|mutex|recursive_mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|async)\b"
     r"|\bpthread_\w+|\bthread_local\b",
     "nothing here knows of threads: a shard runs to completion, others send it mail (base/mailbox.h)"),
    (PROTOCOL, r"#\s*include\s*<(sys/|unistd\.h|fcntl\.h|poll\.h|netinet/|arpa/|net/|linux/|liburing|signal\.h|csignal"
     r"|rte_|boost/asio|netdb\.h|dlfcn\.h)", "bytes in, events out: the world is net's and the daemon's"),
    (PROTOCOL + ("dataplane/base", "dataplane/shard"),
     r"#\s*include\s*<(iostream|fstream|ostream|istream|sstream|print|spdlog/|cstdio|stdio\.h)"
     r"|\b(std::)?(cout|cerr|clog)\b|\b(std::)?f?printf\s*\(|\bstd::puts\b",
     "no logger and no stream here: return an Error, count it, or raise an event"),
    (PROTOCOL, r"\bstd::(function|move_only_function)\b", "no callbacks upward: events are polled"),
    (PER_REQUEST, r"\bstd::(shared_ptr|weak_ptr|make_shared)\b", "a Slice, a Handle, or one owner: no locked counts"),
    (PROTOCOL + ("dataplane/base",), r"\b(throw|try|catch)\b",
     "wp::Result: errors are values; WP_ASSERT stops a constant evaluation, too"),
    (DATAPLANE, r"\bstd::(regex|locale|map|multimap|list|deque)\b",
     "a flat array, wp::Pool or wp::ReadyList: nothing allocates per request"),
    (("dataplane/base", "dataplane/stream", "dataplane/wire", "dataplane/tcp", "dataplane/net", "dataplane/http",
      "dataplane/prompt", "dataplane/balance", "dataplane/cache", "dataplane/proxy", "dataplane/shard", "controlplane",
      "tools"), r"#\s*include\s*<rte_", "dataplane/nic: DPDK lives there and nowhere else"),
    (PRODUCTION, r"#\s*include\s*<(gtest|gmock|benchmark)/", "production code knows nothing of tests"),
    (PRODUCTION, r"\b(if|#\s*ifdef|#\s*if)\s*\(?\s*(testing_?|config_?\.testing|WP_TEST\w*)\b",
     "a seam that tests plug into, not a branch for them"),
]

# The same for every line of every text file, comments and strings included.
TEXT = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "do it, or file an issue and say in prose what is not there"),
    (r"\bNOLINT(NEXTLINE|BEGIN|END)?\b(?!\([\w.,-]+\): \S)", "NOLINT(check): why it is right here"),
]

# The same for scripts of tests.
SCRIPT = [
    ("python", r"\btime\.sleep\(|(?<![\w.])sleep\(", "wait for the condition: a readable socket, a process's end"),
    ("javascript", r"\bsetTimeout\(\s*(resolve|r|done)\b", "await the event itself"),
    ("bash", r"^\s*sleep\b|[;&|]\s*sleep\b", "wait for the condition"),
]

# A preprocessor condition in dataplane may ask only what the compiler or processor is.
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
COMPILER = re.compile(r"^(\s|defined|__\w+(\([\w<>./]*\))?|WP_\w+|[!()&|<>=]|\d+L?)*$")


def language(source):
    if source.is_python:
        return "python"
    if source.is_bash:
        return "bash"
    return "javascript" if source.suffix in (".mjs", ".js") else ""


def allowances(tree):
    """tests/tidy/allowed: rows of path, word and reason, for what is right in one place only."""
    source, rows = tree.by_path.get("tests/tidy/allowed"), []
    for number, line in enumerate(source.lines if source else [], 1):
        fields = line.split(None, 2)
        if len(fields) == 3 and not line.startswith("#"):
            rows.append((number, fields[0], fields[1]))
    return rows


def raw(tree):
    """Every (source, line, word, message), allowed or not."""
    patterns = [(where, re.compile(pattern), instead) for where, pattern, instead in CODE]
    texts = [(re.compile(pattern), instead) for pattern, instead in TEXT]
    scripts = [(of, re.compile(pattern), instead) for of, pattern, instead in SCRIPT]
    for source in tree.sources:
        if source.path.startswith("tests/tidy/") or source.name in ("LICENSE", "package-lock.json"):
            continue
        own = language(source)
        fitting = [(p, i) for of, p, i in scripts if of == own and source.path.startswith("tests/")]
        for number, line in enumerate(source.lines, 1):
            for pattern, instead in texts + fitting:
                if match := pattern.search(line):
                    yield source, number, match.group(0).strip(), instead
        if source.is_cpp:
            inside = [(pattern, instead) for where, pattern, instead in patterns
                      if any(w == "" or source.path.startswith(w + "/") for w in where)]
            for number, line in enumerate(source.code_lines, 1):
                for pattern, instead in inside:
                    if match := pattern.search(line):
                        yield source, number, match.group(0).strip(), instead


def banned(tree):
    rows, used = allowances(tree), set()
    for source, number, word, instead in raw(tree):
        fitting = [row for row in rows if row[1] == source.path and row[2] in word.replace(" ", "")]
        used.update(fitting)
        if not fitting:
            yield source.find(number, f"'{word}': {instead}")
    for row in rows:
        if row not in used:
            yield tree.by_path["tests/tidy/allowed"].find(row[0], f"nothing in {row[1]} needs '{row[2]}' any more")


def conditions(tree):
    """Feature macros in dataplane: choose at start, or by separate files."""
    for source in tree.below("dataplane"):
        if not source.is_cpp:
            continue
        for number, line in enumerate(source.code_lines, 1):
            match = CONDITION.match(line)
            if match and not COMPILER.match(match.group(1)):
                yield source.find(number, f"'{line.strip()}': no feature macros; choose at start, or by separate files")


CHECKS = {"words": banned, "conditions": conditions}
