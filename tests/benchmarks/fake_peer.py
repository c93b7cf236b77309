"""A peer that does nothing, as the arrays it is given tell it to."""

import os
import sys

VERSIONS = {"fake": "1.2"}


def prepare(data):
    if "refuse" in data:
        raise ValueError("no such network")
    print("what a peer prints is not an answer")
    rounds = 0

    def run():
        nonlocal rounds
        rounds += 1
        if rounds == data.get("die", -1):
            print("last words", file=sys.stderr)
            sys.stderr.flush()
            os._exit(3)
        if rounds == data.get("fail", -1):
            raise RuntimeError("diverged")
        if rounds == data.get("hang", -1):
            sys.stdin.readline()
        note = {"note": str(data["note"])} if "note" in data else {}
        note |= {"measures": {"moved": float(data["moved"])}} if "moved" in data else {}
        return {"seconds": float(data["seconds"]) * rounds, "spikes": {"all": int(data["spikes"])}, **note}

    return run
