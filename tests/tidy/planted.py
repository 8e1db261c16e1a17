"""The checks check themselves: violations planted in a tree of their own must be found, clean files must not be."""
import pathlib
import tempfile

import arrows
import documents
import functions
import local_names
import shape
import values
import words
from tree import Source, Tree

HEADER = "// stream: a library.\n#pragma once\n"
LONG_BODY = "".join(f"  a += {i};\n" for i in range(70))
LOCAL = "namespace wp {{\nnamespace {{\n{}\n}}}}\n}}}}\n"
AS_IT_SHOULD_BE = {
    "README.md": "deploy/quickstart and tests/run\n",
    "CONTRIBUTING.md": "# Style\n\ntests/run; see [the licence](LICENSE) and [here](#style)\n",
    "LICENSE": "Apache License\n",
    ".ci/run": "#!/usr/bin/env bash\nset -euo pipefail\nexec tests/run\n",
    "dataplane/stream/meson.build": "headers = ['a.h']\nsources = files('a.cc', 'own.cc', 'takes.cc')\n"
                                    "deps = ['base']\n",
    "dataplane/stream/a.h": HEADER + "#include <span>\n\nnamespace wp {}\n",
    "dataplane/stream/a.cc": '#include "dataplane/stream/a.h"\n\n// The printf( and std::mutex of a comment are free.\n'
                             'const char* text = "std::thread; using namespace x; goto";\n'
                             "static_assert(sizeof(int) == 4);\n"
                             + LOCAL.format("using Json = int;\nint g(const int* a) { return 2; }\nint f(int a);"),
    "dataplane/stream/own.cc": LOCAL.format(
        "using Json = int;\nint g(int a);\nint h(int a) { if (a) {} return 1; }\nenum E { x };\nint kMost = 4;"),
    "dataplane/stream/takes.cc": "void f(std::string a, std::vector<int> b, const Json& c) {\n  d = std::move(a);\n"
                                 "  b.push_back(1);\n}\n",
    "dataplane/base/meson.build": "headers = ['b.h']\n",
    "dataplane/base/b.h": "// base: the bottom.\n#pragma once\n",
    "dataplane/http/meson.build": "headers = ['h.h']\ndeps = ['stream', 'base']\n",
    "dataplane/http/h.h": '// http: above stream.\n#pragma once\n\n#include "dataplane/stream/a.h"\n',
    "controlplane/meson.build": "headers = ['c.h']\n",
    "controlplane/c.h": '// Control.\n#pragma once\n\n#include "dataplane/base/b.h"\n',
}


def in_a(*texts):
    """Each text in place of dataplane/stream/a.cc."""
    return [{"dataplane/stream/a.cc": text} for text in texts]


# check -> files that replace those above, each a violation that the check must find
PLANTED = {
    "arrows": [
        {"dataplane/base/b.h": '// base: the bottom.\n#pragma once\n#include "dataplane/stream/a.h"\n'},
        {"dataplane/stream/a.h": HEADER + '#include "dataplane/http/h.h"\n'},
        {"dataplane/stream/a.h": HEADER + '#include "controlplane/c.h"\n'},
        {"dataplane/stream/a.h": HEADER + '#include "b.h"\n'},
        {"controlplane/c.h": '// Control.\n#pragma once\n#include "dataplane/http/h.h"\n'},
        {"dataplane/new/n.h": '// new: in no row.\n#pragma once\n#include "dataplane/base/b.h"\n'},
    ],
    "arrows-in-build-files": [{"dataplane/stream/meson.build": "deps = ['http']\n"}],
    "arrows-in-document": [{"ARCHITECTURE.md": "## Arrows\n\n| folder | may include |\n|---|---|\n| base | http |\n"}],
    "words": in_a(
        "#include <mutex>", "#include <chrono>", "#include <sys/socket.h>", "#include <iostream>", "#include <random>",
        "std::mutex m;", "auto t = std::chrono::steady_clock::now();", "std::thread t;", 'void f() { printf("x"); }',
        "std::function<void()> call;", "using namespace std;", "volatile int a;",
        "void f(int* a) { __builtin_prefetch(a); }", "void f(int a) { assert(a); }",
        "void f() { strcpy(a, b); }", "int a = std::rand();", "// TO" + "DO: later", "int a;  // NO" + "LINT",
        "void f() { throw 1; }", "std::shared_ptr<int> p;", "std::map<int, int> m;", "#include <rte_mbuf.h>",
    ) + [
        {"tests/unit/stream/a_test.cc": "void f() { std::this_thread::sleep_for(x); }\n"},
        {"tests/unit/stream/a_test.cc": "TEST(A, DISABLED_B) {}\n"},
        {"tests/e2e/a.py": "import time\ntime.sleep(1)\n"},
        {"tests/e2e/a": "#!/usr/bin/env bash\nset -euo pipefail\nsleep 1\n"},
        {"dataplane/shard/s.cc": "#include <ctime>\n"},
        {"tests/tidy/allowed": "dataplane/stream/a.cc std::mutex no longer there\n"},
    ],
    "conditions": in_a("#ifdef FAST_PATH\n#endif\n", "#if HAVE_IT > 1\n#endif\n"),
    "function-length": in_a(
        "int f(int a) {\n" + LONG_BODY + "}\n",
        "struct A {\n  A(int b) : a{b}, c_{1} {\n" + LONG_BODY + "  }\n};\n",
        "namespace {\ntemplate <class T>\nauto f(T t) -> decltype(t) {\n  if (t) {\n" + LONG_BODY + "  }\n}\n}\n",
        "TEST_F(A, B) {\n" + LONG_BODY + "}\n",
    ) + [{"tests/a.py": "def f(a):\n" + LONG_BODY.replace("  ", "    ").replace(";", "")}],
    "local-names": in_a(*(LOCAL.format(text) for text in (
        "using Json = char;", "int g(int b) { return b; }", "template <class T>\nint h(int = 1) {}",
        "int x;\nstruct E {\n  int a;\n};", "constexpr int kMost = 5;"))),
    "value-parameters": in_a(
        "int f(std::string a) { return a.size(); }",
        "int f(int a, const std::vector<std::pair<int, int>> b = {}) {\n  return b.size() + a;\n}",
        "struct A {\n  A(std::function<void(int)> a) : b_(a) {}\n};\n", "void f(Json a) {\n  g(a);\n}"),
    "sources": in_a('#include "dataplane/base/b.cc"\n'),
    "file-length": in_a("int a;\n" * 501),
    "columns": in_a("//" + "x" * 119 + "\n"),
    "whitespace": in_a("int a; \n", "\tint a;\n", "int a;", "int a;\r\n", "int a;\n\n"),
    "headers": [{"dataplane/stream/a.h": text} for text in (
        "#pragma once\n", "// stream: no guard.\n", HEADER + "namespace {\n}\n")],
    "main-headers": [{"dataplane/stream/a.h": "// Says not what the library is.\n#pragma once\n"}],
    "file-names": [{"dataplane/stream/BadName.cc": "\n"}, {"dataplane/stream/utils.cc": "\n"}],
    "dead-files": [{"dataplane/stream/dead.cc": "int a;\n"},
                   {"tests/unit/stream/nobody.h": "// Nobody includes it.\n"}],
    "programs": [{"deploy/a": "#!/usr/bin/env bash\necho no strictness\n"}],
    "machine-and-hosts": [{"README.md": "deploy/quickstart tests/run " + word + "\n"} for word in (
        "/wor" + "k/main", "registry.npm" + "js.org", "deb.deb" + "ian.org", "../sha" + "red/design.md")],
    "links": [{"CONTRIBUTING.md": "tests/run [gone](GONE.md)\n"}, {"CONTRIBUTING.md": "tests/run [gone](#gone)\n"}],
    "commands": [{"README.md": "deploy/quickstart only\n"},
                 {".ci/run": "#!/usr/bin/env bash\nset -euo pipefail\nmake\n"}],
    "reasons": [{documents.REASONS_FROM: '// Reasons.\n#pragma once\n  X(none, none, nobody, 0, no, "nothing")\n'}],
}

# What a brace counter must not take for one long function, and how many it must see.
SHORT_FUNCTIONS = """
namespace wp {
class alignas(64) Far : public Base<decltype(x)> {
 public:
  Far(int a) : a_{a}, b_(a) {}
  int a() const noexcept { return a_; }
  auto b = [](int x) { return x; };
  enum class Kind { one, two };
  int c[2] = {1, 2};
  void d(Options o = {}) { if (a_) { call([&](int) { a_ = 1; }); } }
""" + "  int filler;\n" * 80 + """};
#define MACRO(x) \\
  { x }
template <class T>
concept Port = requires(T t) { { t.f() } -> std::same_as<int>; };
const char* raw = R"({ not code {)";
int Far::e() { return '{'; }
}  // namespace wp
"""


def checks():
    return {**arrows.CHECKS, **words.CHECKS, **functions.CHECKS, **local_names.CHECKS, **shape.CHECKS,
            **values.CHECKS, **documents.CHECKS}


def findings(folder, check, changes):
    """What a check finds in the clean tree with some files changed."""
    for path, text in {**AS_IT_SHOULD_BE, **changes}.items():
        file = pathlib.Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        if text.startswith("#!"):
            file.chmod(0o755)
    return list(checks()[check](Tree(folder)))


def self_test():
    """Complaints about the checks themselves; none when all is well."""
    for name in checks():
        if name not in PLANTED:
            yield f"no violation is planted for the check '{name}'"
            continue
        clean = {documents.REASONS_TO: "x"} if name == "reasons" else {}
        for changes in [clean, *PLANTED[name]]:
            with tempfile.TemporaryDirectory() as folder:
                found = findings(folder, name, changes)
                if changes is clean and found:
                    yield f"'{name}' complains of a clean tree: {found[0]}"
                elif changes is not clean and not found:
                    yield f"'{name}' does not find what is planted: {list(changes.items())[0]}"
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "short.cc").write_text(SHORT_FUNCTIONS)
        rows = functions.cpp_functions(Source(folder, "short.cc"))
        heads = [head for _, _, head in rows]
        long = [row for row in rows if row[1] - row[0] > 2]
        if long or len(rows) != 6:
            yield f"functions are not found as they stand: {long or heads}"
