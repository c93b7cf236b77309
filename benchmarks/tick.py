"""One control tick, 64 inputs -> H recurrent LIF -> 32 LIF, ten steps of 1 ms, against the same work in C.

Both run the same network from the same arrays on the same observations, and must give the same actions and spikes,
bit for bit. Ticks are interleaved one by one, so that both see the same machine.
"""

from __future__ import annotations

import ctypes
import gc
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.controller import Controller
from neurobot.core import HostCore
from neurobot.kernels import ops
from neurobot.program import Program, build
from neurobot.spec import (
    LIF,
    ControllerSpec,
    Dense,
    Direct,
    Encoder,
    Input,
    Limits,
    NetworkSpec,
    Normalizer,
    Population,
    Projection,
    Rate,
    Regular,
)

SOURCE = Path(__file__).with_name("tick.c")
POINTERS = [
    "center",
    "scale",
    "w_in",
    "w_rec",
    "w_out",
    "alpha_h",
    "lam_h",
    "b_h",
    "theta_h",
    "reset_h",
    "alpha_o",
    "lam_o",
    "b_o",
    "theta_o",
    "reset_o",
    "low",
    "high",
    "rest",
    "slew",
    "act",
    "phase",
    "v_h",
    "s_h",
    "v_o",
    "s_o",
    "last",
    "sp_in",
    "sp_h",
    "sp_h_old",
    "sp_o",
    "counts",
]


class Net(ctypes.Structure):
    """`net_t` of tick.c."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("n_obs", "n_in", "n_hidden", "n_out", "n_act", "substeps")),
        *((name, ctypes.c_void_p) for name in POINTERS),
        ("gain", ctypes.c_float),
        ("out_gain", ctypes.c_float),
        ("spikes", ctypes.c_int64),
    ]


def program(hidden: int, seed: int = 0) -> Program:
    """The benchmark's network; the hidden neurons fire at about 40 Hz."""
    rng = np.random.default_rng(seed)
    excite = rng.random((hidden, 64)) < 0.5
    recurrent = rng.normal(0, 0.3 / np.sqrt(hidden), (hidden, hidden))
    network = NetworkSpec(
        0.001,
        (Population("in", 64, Input()), Population("hidden", hidden, _lif()), Population("out", 32, _lif())),
        (
            Projection("in", "hidden", Dense(np.where(excite, 0.073, -0.02) * rng.uniform(0.5, 1.5, excite.shape))),
            Projection("hidden", "hidden", Dense(recurrent), delay=0.001),
            Projection("hidden", "out", Dense(rng.normal(0.3 / hidden**0.5, 2.4 / hidden**0.5, (32, hidden)))),
        ),
    )
    encoder = Encoder(population="in", field=Direct(range=Normalizer(clip=2)), code=Regular(max_rate=200.0), size=32)
    decoder = Rate(population="out", size=16, limits=Limits(low=-1.0, high=1.0))
    return build(ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=10))


def _lif() -> LIF:
    return LIF(tau_mem=0.02, input="jump")


class InC:
    """The program, in C."""

    def __init__(self, p: Program):
        library = ctypes.CDLL(str(_compile()))
        self._tick = library.tick
        self._tick.argtypes = [ctypes.c_void_p] * 3
        hidden = p.network.population("hidden").n
        self._arrays = self._make_arrays(p, hidden)
        self.net = Net(32, 64, hidden, 32, 16, 10, *(self._arrays[name].ctypes.data for name in POINTERS))
        self.net.gain, self.net.out_gain = p.param("encoder.gain")[0], p.param("decoder.gain")[0]
        self.observation, self.action = np.zeros(32), np.zeros(16)
        addresses = (ctypes.addressof(self.net), self.observation.ctypes.data, self.action.ctypes.data)
        self._addresses = tuple(ctypes.c_void_p(a) for a in addresses)

    @staticmethod
    def _make_arrays(p: Program, hidden: int) -> dict[str, np.ndarray]:
        names = {"center": "encoder.center", "scale": "encoder.scale", "phase": "encoder.phase_init"}
        names |= {"w_in": "in->hidden.weights", "w_rec": "hidden->hidden.weights", "w_out": "hidden->out.weights"}
        for letter, population in (("h", "hidden"), ("o", "out")):
            pairs = (("alpha", "alpha"), ("lam", "lam"), ("b", "b"), ("theta", "theta"), ("reset", "to"), ("v", "init"))
            names |= {f"{ours}_{letter}": f"{population}.{theirs}" for ours, theirs in pairs}
        names |= {name: f"decoder.{name}" for name in ("low", "high", "rest", "slew")} | {"last": "decoder.rest"}
        arrays = {ours: p.param(theirs).astype(np.float32).ravel() for ours, theirs in names.items()}
        arrays |= {
            "act": np.zeros(64, np.float32),
            "s_h": np.zeros(hidden, np.float32),
            "s_o": np.zeros(32, np.float32),
        }
        sizes = {"sp_in": 65, "sp_h": hidden + 1, "sp_h_old": hidden + 1, "sp_o": 33, "counts": 32}
        return arrays | {name: np.zeros(n, np.int32) for name, n in sizes.items()}

    def tick(self, observation: np.ndarray) -> int:
        """One tick."""
        self.observation[:] = observation
        return self._tick(*self._addresses)  # type: ignore[no-any-return]


def _compile() -> Path:
    library = Path(tempfile.mkdtemp()) / "tick.so"
    subprocess.run(
        [
            "gcc",
            "-O3",
            "-march=native",
            "-ffp-contract=off",
            "-shared",
            "-fPIC",
            str(SOURCE),
            "-o",
            str(library),
            "-lm",
        ],
        check=True,
    )
    return library


def measure(hidden: int, ticks: int = 2000, warm_up: int = 500) -> dict[str, Any]:
    """Medians and 99th percentiles [us] of interleaved ticks, and what shows that the work is the same."""
    p = program(hidden)
    core, in_c, controller = HostCore(p), InC(p), Controller(p)
    observations = np.random.default_rng(1).normal(0, 1, (ticks + warm_up, 32))
    times = np.zeros((3, ticks + warm_up))
    gc.disable()
    for k, observation in enumerate(observations):
        t0 = time.perf_counter_ns()
        in_c.tick(observation)
        t1 = time.perf_counter_ns()
        core.tick(observation)
        t2 = time.perf_counter_ns()
        controller.step(observation)
        t3 = time.perf_counter_ns()
        times[:, k] = t1 - t0, t2 - t1, t3 - t2
        assert np.array_equal(in_c.action, core.action), "the C program acts differently"
        assert in_c.net.spikes == core.ints[ops.SPIKES], "the C program spikes differently"
    gc.enable()
    quiet = times[:, warm_up:] / 1e3
    medians, p99 = np.median(quiet, axis=1), np.percentile(quiet, 99, axis=1)
    return {
        "hidden": hidden,
        "c": medians[0],
        "tick": medians[1],
        "step": medians[2],
        "p99": p99.tolist(),
        "rate": hidden_rate(p, observations[:200]),
    }


def hidden_rate(p: Program, observations: np.ndarray) -> float:
    """Mean rate of the hidden neurons [Hz]."""
    core, n, spikes = HostCore(p, log_spikes=10_000), p.network.population("hidden").n, 0
    for observation in observations:
        core.tick(observation)
        neurons = core.spikes[:, 1]
        spikes += int(((neurons >= 64) & (neurons < 64 + n)).sum())
    return spikes / (n * len(observations) * p.control_period)


def main() -> None:
    """Print a Markdown table."""
    print("| hidden | rate [Hz] | C [us] | tick [us] | ratio | Controller.step [us] | ratio | p99 / p50 of the tick |")
    print("|---|---|---|---|---|---|---|---|")
    for hidden in (128, 256, 1024):
        r = measure(hidden)
        print(
            f"| {hidden} | {r['rate']:.0f} | {r['c']:.1f} | {r['tick']:.1f} | {r['tick'] / r['c']:.2f} | "
            f"{r['step']:.1f} | "
            f"{r['step'] / r['c']:.2f} | {r['p99'][1] / r['tick']:.1f} |"
        )
