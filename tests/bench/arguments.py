"""Options that benches have in common."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))


def add_json(parser, what="all rounds and figures"):
    parser.add_argument("--json", action="store_true", help=f"{what} as one JSON object")


def add_rounds(parser, default, what):
    parser.add_argument("--rounds", type=int, default=default, help=f"{what} (%(default)s)")


def add_build(parser):
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"), help="the build folder (build)")


def add_cores(parser, load):
    """`load`: the programs that are not measured."""
    parser.add_argument("--core", type=int, default=1, help="the proxies' core; all else runs on core --load-core (1)")
    parser.add_argument("--load-core", default="0", help=f"the core or cores of {load} (0)")


def add_daemon(parser):
    parser.add_argument("warmpathd", nargs="*", metavar="-- ARGUMENT", help="further arguments of warmpathd")
