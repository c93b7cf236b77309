"""The same tick by hand in C (tick.c), called through ctypes with addresses looked up once."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tick.case import INPUTS, OUTPUTS, SUBSTEPS, program
from benchmarks.timing import per_call
from neurobot.program import Program

VERSIONS = {"gcc": subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()}
SOURCE = Path(__file__).with_name("tick.c")
FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
POINTERS = [
    "center", "scale", "w_in", "w_rec", "w_out",
    "alpha_h", "lam_h", "b_h", "theta_h", "reset_h", "alpha_o", "lam_o", "b_o", "theta_o", "reset_o",
    "low", "high", "rest", "slew",
    "act", "phase", "v_h", "s_h", "v_o", "s_o", "last",
    "sp_in", "sp_h", "sp_h_old", "sp_o", "counts",
]  # fmt: skip


class Net(ctypes.Structure):
    """`net_t` of tick.c."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("n_obs", "n_in", "n_hidden", "n_out", "n_act", "substeps")),
        *((name, ctypes.c_void_p) for name in POINTERS),
        ("gain", ctypes.c_float),
        ("out_gain", ctypes.c_float),
        ("spikes", ctypes.c_int64),
    ]


class InC:
    """The program, in C."""

    def __init__(self, p: Program):
        self._tick = _compiled().tick
        self._tick.argtypes = [ctypes.c_void_p] * 3
        hidden = p.network.population("hidden").n
        self._arrays = _arrays(p, hidden)
        self._start = {name: array.copy() for name, array in self._arrays.items()}
        self.net = Net(32, INPUTS, hidden, OUTPUTS, 16, SUBSTEPS, *(self._arrays[n].ctypes.data for n in POINTERS))
        self.net.gain, self.net.out_gain = p.param("encoder.gain")[0], p.param("decoder.gain")[0]
        self.observation, self.action = np.zeros(32), np.zeros(16)
        addresses = (ctypes.addressof(self.net), self.observation.ctypes.data, self.action.ctypes.data)
        self._addresses = tuple(ctypes.c_void_p(a) for a in addresses)

    def reset(self) -> None:
        """Back to the start of an episode."""
        for name, array in self._arrays.items():
            array[:] = self._start[name]

    def tick(self, observation: np.ndarray) -> int:
        """One tick."""
        self.observation[:] = observation
        return self._tick(*self._addresses)  # type: ignore[no-any-return]

    def spikes(self) -> np.ndarray:
        """Spikes of the last tick of inputs, hidden and output neurons."""
        out = int(self._arrays["counts"].sum())
        return np.array([self.net.spikes - out, out])


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    in_c, observations, fed = InC(program(int(data["hidden"]))), list(data["observations"]), data["spikes"].sum()

    def count() -> dict[str, int]:
        in_c.reset()
        both = np.zeros(2, int)
        for observation, action in zip(observations, data["actions"], strict=True):
            in_c.tick(observation)
            assert np.array_equal(in_c.action, action), "C acts differently"
            both += in_c.spikes()
        return {"hidden": int(both[0] - fed), "out": int(both[1])}

    return lambda: {"seconds": per_call(in_c.reset, in_c.tick, observations), "spikes": count()}


def _arrays(p: Program, hidden: int) -> dict[str, np.ndarray]:
    names = {"center": "encoder.center", "scale": "encoder.scale", "phase": "encoder.phase_init"}
    names |= {"w_in": "in->hidden.weights", "w_rec": "hidden->hidden.weights", "w_out": "hidden->out.weights"}
    for letter, population in (("h", "hidden"), ("o", "out")):
        pairs = (("alpha", "alpha"), ("lam", "lam"), ("b", "b"), ("theta", "theta"), ("reset", "to"), ("v", "init"))
        names |= {f"{ours}_{letter}": f"{population}.{theirs}" for ours, theirs in pairs}
    names |= {name: f"decoder.{name}" for name in ("low", "high", "rest", "slew")} | {"last": "decoder.rest"}
    arrays = {ours: p.param(theirs).astype(np.float32).ravel() for ours, theirs in names.items()}
    arrays |= {name: np.zeros(n, np.float32) for name, n in (("act", 64), ("s_h", hidden), ("s_o", 32))}
    sizes = {"sp_in": 65, "sp_h": hidden + 1, "sp_h_old": hidden + 1, "sp_o": 33, "counts": 32}
    return arrays | {name: np.zeros(n, np.int32) for name, n in sizes.items()}


def _compiled() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "tick.so"
        subprocess.run(["gcc", *FLAGS, str(SOURCE), "-o", str(library), "-lm"], check=True)
        return ctypes.CDLL(str(library))
