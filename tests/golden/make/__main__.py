"""`python -m tests.golden.make record | others`, see the package."""

from __future__ import annotations

import argparse


def main() -> None:
    """Record the files, or compare further networks."""
    parser = argparse.ArgumentParser(prog="tests.golden.make", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="write the files again")
    record.add_argument("peer", nargs="?", choices=["nest", "brian2", "both"], default="both")
    others = commands.add_parser("others", help="compare further networks with ours")
    others.add_argument("--ours", required=True, help="a python that has this project installed")
    others.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    given = parser.parse_args()
    if given.command == "others":
        from tests.golden.make.others import compare

        compare(given.ours, given.seeds)
        return
    if given.peer != "brian2":
        from tests.golden.make import nest_learning, nest_record

        nest_record.main()
        nest_learning.main()
    if given.peer != "nest":
        from tests.golden.make import brian2_learning, brian2_record

        brian2_record.main()
        brian2_learning.main()


main()
