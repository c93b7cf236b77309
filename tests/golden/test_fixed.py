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
from tests.golden.make.fixed_record import FORGET, LEARN
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
    "no upper bound of weights": ("r.by.w[pre][k] + dw, r.low, r.high)", "r.by.w[pre][k] + dw, r.low, 2**31 - 1)"),
    "no lower bound of weights": ("r.by.w[pre][k] + dw, r.low, r.high)", "r.by.w[pre][k] + dw, -(2**31), r.high)"),
    "a change that is floored": ("(e * gain + 2 ** (r.gain_shift - 1))", "(e * gain)"),
    "learning that is never off": ("if learn and gain:", "if gain:"),
    "no eligibility left": ("row[k] = e - self.scaled(e, r.leak_e, 16)", "row[k] = 0"),
    "an eligibility that lasts": ("row[k] = e - self.scaled(e, r.leak_e, 16)", "pass"),
    "an end that lets it decay": ("if not ends:\n", "if True:\n"),
    "a first reward that counts": ("if self.step or ends:", "if True:"),
    "an end that does not count": ("self._modulate(r, reward, learn, True)", "pass"),
    "a reward without its bound": ("reward = self.bounded(reward, -(2**29), 2**29)", "pass"),
    "a first surprise": ("if r.reward_weight else 0", "if True else 0"),
    "no mean of rewards": ("m = reward - r.reward_mean", "m = reward"),
    "a mean that is not corrected": ("// (r.reward_weight >> 14)", "// 2**16"),
    "weights that begin at their lower end": ("[(weight << 16) + 2**15 for", "[(weight << 16) for"),
    "a weight of means that is not forgotten": (
        "r.reward_mean = r.reward_weight = 0",
        "r.reward_mean = 0; r.reward_weight = vars(r).get('reward_weight', 0)",
    ),
    "weights that are rounded": ("self.delivered(weight >> 16, w[3])", "self.delivered((weight + 2**15) >> 16, w[3])"),
    "shares that are floored": ("(a * share + 2**14) >> 15", "(a * share) >> 15"),
    "no bound of what an arrival adds": (
        "self.bounded(alone - ((minus * (y >> 15)) >> r.rise_y), -32768, 32767)",
        "alone - ((minus * (y >> 15)) >> r.rise_y)",
    ),
    "a trace without its bound": ("min(trace + (rise << 15), 2**31 - 1)", "trace + (rise << 15)"),
    "pairs that are all near": ("return rise << 15 if nearest else", "return rise << 15 if True else"),
    "pairs that are never near": ("return rise << 15 if nearest else", "return rise << 15 if False else"),
    "no decay of x": ("r.x = [x - self.scaled(x, r.leak_x, 16) for x in r.x]", "pass"),
    "no decay of y": ("r.y = [y - self.scaled(y, r.leak_y, 16) for y in r.y]", "pass"),
    "no decay of means": ("m - self.scaled(m, r.leak_mean, 16) + ", "m + "),
    "a spike ahead of the arrival": ("            r.x[pre] = self.raised(r.x[pre], 2**r.rise_x, r.nearest)\n", ""),
    "arrivals at once": ("here.history[(self.step - w[12]) % w[10]], there", "here.history[self.step % w[10]], there"),
    "no mean of spikes": ("if r.centred else [0] * r.n\n        up", "if False else [0] * r.n\n        up"),
    "an eligibility without its bound": ("self.clamp(r.e[pre][k] + (", "(r.e[pre][k] + ("),
    "steps that share alike": ("w, share = r.by.words, r.shares[substep]", "w, share = r.by.words, r.shares[0]"),
    "bits from the top": (">> (j % 8) & 1", ">> (7 - j % 8) & 1"),
}  # fmt: skip


def played(twin, tick):
    """The actions of a twin in a recorded tick."""
    told = tick.get("reward", 0), bool(tick.get("flags", 0) & LEARN)
    if tick.get("flags", 0) & FORGET:
        twin.forget()
    if tick.get("steps") == 0:
        twin.end(*told)
        return twin.last
    return twin.tick(tick["kind"], base64.b64decode(tick["data"]), *told)


def runs_alike(twin_class, vector):
    """Whether a twin gives what was recorded."""
    try:
        twin = twin_class(base64.b64decode(vector["image"]))
        if twin.digest() != vector["digest"]:
            return False
        for tick in vector["ticks"]:
            actions = played(twin, tick)
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
        reward, learn = tick.get("reward", 0), bool(tick.get("flags", 0) & LEARN)
        if tick.get("flags", 0) & FORGET:
            core.forget()
        if tick.get("steps") == 0:
            core.end(reward, learn)
        else:
            assert core.tick(tick["kind"], base64.b64decode(tick["data"]), reward, learn=learn) == OK
        assert (core.last.tolist(), core.digest()) == (tick["actions"], tick["digest"])


def test_the_twin_repeats_what_was_recorded_and_there_is_little_to_ship():
    assert len(VECTORS) >= 20
    assert all(runs_alike(fixed.FixedTwin, vector) for vector in VECTORS)
    assert sum(path.stat().st_size for path in FILES) < 300_000


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake):
    right, wrong = MISTAKES[mistake]
    assert right in SOURCE
    module = types.ModuleType("mutant")
    exec(compile(SOURCE.replace(right, wrong), "mutant", "exec"), module.__dict__)
    assert not all(runs_alike(module.FixedTwin, vector) for vector in VECTORS)
