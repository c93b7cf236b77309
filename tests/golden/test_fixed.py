"""Recorded images and ticks: kernel and twin repeat them, and every planted mistake breaks one of them.

The same files are for firmware; FORMAT is told in `tests.golden.make.fixed_record`.
"""

import base64
import json
import types
from pathlib import Path

import pytest

from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.kernels.status import OK
from tests.twins import fixed

FILES = sorted((Path(__file__).parents[2] / "firmware/vectors").glob("*.json"))
VECTORS = [json.loads(path.read_text()) for path in FILES]
SOURCE = Path(fixed.__file__).read_text()

MISTAKES = {
    "a shift that rounds to zero": ("return (x * factor) >> bits", "return int(x * factor / 2**bits)"),
    "a shift that rounds to nearest": ("return (x * factor) >> bits", "return (x * factor + (1 << bits - 1)) >> bits"),
    "no clamp": ("return min(max(x, -(2**30)), 2**30)", "return x"),
    "no lower clamp": ("return min(max(x, -(2**30)), 2**30)", "return min(x, 2**30)"),
    "no upper clamp": ("return min(max(x, -(2**30)), 2**30)", "return max(x, -(2**30))"),
    "a clamp of int32": ("return min(max(x, -(2**30)), 2**30)", "return min(max(x, -(2**31)), 2**31 - 1)"),
    "an upper clamp that is one off": ("-(2**30)), 2**30)", "-(2**30)), 2**30 - 1)"),
    "a wrap of int32": ("return min(max(x, -(2**30)), 2**30)", "return (x + 2**31) % 2**32 - 2**31"),
    "spikes at the threshold": ("return v > threshold", "return v >= threshold"),
    "no shift of weights": ("return weight << shift", "return weight"),
    "no shift of currents": ("max(total >> shift, ", "max(total, "),
    "no bound of currents": ("return min(max(total >> shift, -(2**28)), 2**28)", "return total >> shift"),
    "carry that forgets init": ("return init + self.scaled(x - init, carry, 16)", "return self.scaled(x, carry, 16)"),
    "carry of v alone": ("r.i = [self.carried(i, 0, r.words[4]) for i in r.i]", "pass"),
    "a wait that is one short": ("return wait > 0", "return wait > 1"),
    "no wait": ("return wait > 0", "return False"),
    "a delay that is one long": ("(self.step - w[12]) % w[10]", "(self.step - w[12] - 1) % w[10]"),
    "no delay": ("(self.step - w[12]) % w[10]", "self.step % w[10]"),
    "fresh that keeps waits": ("r.wait = [0] * r.n", "pass"),
    "fresh that keeps history": ("r.history = [set() for _ in r.history]", "pass"),
    "START as END": ("d = self.clamp(r.i[j] + a)", "d = r.i[j]"),
    "HELD without its share": ("if r.current == HELD:\n", "if False:\n"),
    "a current that does not decay": ("r.i[j] = d - self.scaled(d, r.leak_i[j], 16)", "r.i[j] = d"),
    "no bias": (" + d + r.bias[j])", " + d)"),
    "reset by value for all": ("r.v[j] = v - r.reset[j] if r.subtract else r.reset[j]", "r.v[j] = r.reset[j]"),
    "no reset": ("r.v[j] = v - r.reset[j] if r.subtract else r.reset[j]", "pass"),
    "waiting drops i": ("if self.tired(r.wait[j]):\n", "if self.tired(r.wait[j]):\n            r.i[j] = 0\n"),
    "silent inputs are not counted": ("if w[3] else set()", ""),
    "no lift": ("self.dec[6]) - lift)", "self.dec[6]))"),
    "up in both directions": ("up if u >= 0 else down, 16", "up, 16"),
    "tanh without interpolation": ("t = self.table[k] + (((", "t = self.table[k] + 0 * (((",),
    "tanh that goes on": ("if size < 2**19:", "if size < 2**18:"),
    "tanh without a sign": ("u = 2 * t if u >= 0 else -2 * t", "u = 2 * t"),
    "no slew": ("if slew != 65535:", "if False:"),
    "no push-pull": ("        if push_pull:\n", "        if False:\n"),
    "the last of equals": ("sums.index(max(sums))", "len(sums) - 1 - sums[::-1].index(max(sums))"),
    "silence chooses": ("silent = kind == WINNER and not any(x)", "silent = False"),
    "all spikes count for the first": ("elif not (w[3] and self.decided):", "elif True:"),
    "currents of the first step throughout": ("substep if kind == 2 else 0", "0"),
    "lists from the end": ("if step == substep:", "if step == self.substeps - 1 - substep:"),
    "bits from the top": (">> (j % 8) & 1", ">> (7 - j % 8) & 1"),
}  # fmt: skip


def runs_alike(twin_class, vector):
    """Whether a twin gives what was recorded."""
    try:
        twin = twin_class(base64.b64decode(vector["image"]))
        if twin.digest() != vector["digest"]:
            return False
        for tick in vector["ticks"]:
            actions = twin.tick(tick["kind"], base64.b64decode(tick["data"]))
            if actions != tick["actions"] or twin.digest() != tick["digest"]:
                return False
    except Exception:  # a mistake may break anything
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS, ids=[path.stem for path in FILES])
def test_the_kernel_repeats_what_was_recorded(vector):
    core = FixedNetwork(Image.of(base64.b64decode(vector["image"])))
    assert core.digest() == vector["digest"]
    for tick in vector["ticks"]:
        assert core.tick(tick["kind"], base64.b64decode(tick["data"])) == OK
        assert (core.last.tolist(), core.digest()) == (tick["actions"], tick["digest"])


def test_the_twin_repeats_what_was_recorded_and_there_is_little_to_ship():
    assert len(VECTORS) >= 20
    assert all(runs_alike(fixed.FixedTwin, vector) for vector in VECTORS)
    assert sum(path.stat().st_size for path in FILES) < 200_000


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake):
    right, wrong = MISTAKES[mistake]
    assert right in SOURCE
    module = types.ModuleType("mutant")
    exec(compile(SOURCE.replace(right, wrong), "mutant", "exec"), module.__dict__)
    assert not all(runs_alike(module.FixedTwin, vector) for vector in VECTORS)
