"""Networks that other simulators and ours both run, made of seeded arrays. Imports numpy only.

Everything is drawn with `Generator.random` and scaled by plain arithmetic, so that the same seed gives the same
bits anywhere; `digest` tells a test that it rebuilt the network a file was recorded with.

SI units throughout, except for Izhikevich's neuron, which is defined in mV and ms. Steps are of 0.1 ms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

DT = 1e-4
STEPS = 10_000
MAX_DELAY = 60


@dataclass(frozen=True)
class Synapses:
    """A list of synapses: indices, weight (negative inhibits), delay [steps]; (m,) each."""

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    def where(self, mask: np.ndarray) -> Synapses:
        """Those that a mask selects."""
        return Synapses(self.pre[mask], self.post[mask], self.weight[mask], self.delay[mask])


@dataclass(frozen=True)
class Network:
    """Neurons with parameters of their own, recurrent synapses, and spike trains from outside.

    Args:
        n: number of neurons.
        cell: parameters by name, (n,) each.
        recurrent: synapses between the neurons.
        external: synapses from the sources.
        train: (m, 2) external spikes as (step, source).
        sources: number of external sources.
    """

    n: int
    cell: dict[str, np.ndarray]
    recurrent: Synapses
    external: Synapses
    train: np.ndarray
    sources: int

    @property
    def digest(self) -> str:
        """Hash over all arrays."""
        hashed = hashlib.sha256()
        arrays = [*self.cell.values(), self.train]
        for s in (self.recurrent, self.external):
            arrays += [s.pre, s.post, s.weight, s.delay]
        for array in arrays:
            hashed.update(np.ascontiguousarray(array, np.float64).tobytes())
        return hashed.hexdigest()


def uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """n numbers in [low, high)."""
    return low + (high - low) * rng.random(n)


def whole(rng: np.random.Generator, low: int, high: int, n: int) -> np.ndarray:
    """n integers in low..high."""
    return low + (rng.random(n) * (high + 1 - low)).astype(np.int64)


def random_synapses(
    rng: np.random.Generator, n_pre: int, n_post: int, p: float, weight: tuple[float, float], inhibitory: int = 0
) -> Synapses:
    """Every pair with probability p; the last `inhibitory` presynaptic neurons inhibit.

    Args:
        weight: mean of an excitatory and of an inhibitory weight, each drawn from half to one and a half of it.
    """
    pre, post = np.nonzero(rng.random((n_pre, n_post)) < p)
    if n_pre == n_post:
        pre, post = pre[pre != post], post[pre != post]
    size = np.where(pre < n_pre - inhibitory, weight[0], -weight[1])
    delay = whole(rng, 1, MAX_DELAY, pre.size)
    return Synapses(pre, post, size * uniform(rng, 0.5, 1.5, pre.size), delay)


def random_network(
    seed: int,
    cell: Callable[[np.random.Generator, int], dict[str, np.ndarray]],
    weight: tuple[float, float],
    external: float,
    n: int = 450,
    rate: float = 60.0,
    scale: float = 1.0,
) -> Network:
    """Four fifths excite, one fifth inhibits; 60 sources spike at random and reach a fifth of the neurons each.

    Args:
        seed: of everything.
        cell: draws the neurons' parameters.
        weight: mean excitatory and inhibitory weight (positive both).
        external: mean weight of an external synapse.
        rate: of a source [Hz].
        scale: of all weights.
    """
    rng, sources = np.random.default_rng(seed), 60
    parameters = cell(rng, n)
    recurrent = random_synapses(rng, n, n, 40 / n, (scale * weight[0], scale * weight[1]), inhibitory=n // 5)
    outside = random_synapses(rng, sources, n, 0.2, (scale * external, 0.0))
    train = np.argwhere(rng.random((STEPS, sources)) < rate * DT)
    return Network(n, parameters, recurrent, outside, train, sources)


def lif(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Membranes: time constant, resting value, threshold, reset, start [V], refractory time [steps], drive [V]."""
    return {
        "tau_mem": uniform(rng, 8e-3, 20e-3, n),
        "v_leak": uniform(rng, -72e-3, -68e-3, n),
        "v_threshold": uniform(rng, -54e-3, -50e-3, n),
        "v_reset": uniform(rng, -68e-3, -62e-3, n),
        "v_init": uniform(rng, -70e-3, -55e-3, n),
        "refractory": whole(rng, 1, 40, n),
        "drive": uniform(rng, 9e-3, 16e-3, n),  # r times a constant current
    }


def current_lif(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `lif`, with a capacitance [F] and two synaptic time constants [s]."""
    cell = lif(rng, n)
    cell["c_mem"] = uniform(rng, 150e-12, 300e-12, n)
    cell["tau_syn"] = uniform(rng, 1.5e-3, 3e-3, n)
    cell["tau_syn_in"] = uniform(rng, 4e-3, 8e-3, n)
    return cell


def current_lif_equal(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `current_lif`, with one synaptic time constant and no refractory time."""
    cell = current_lif(rng, n)
    return cell | {"tau_syn_in": cell["tau_syn"], "refractory": np.zeros(n, np.int64)}


def current_lif_alike(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `current_lif`, but that all neurons have the parameters of the first; the drives and starts differ."""
    cell = current_lif(rng, n)
    own = ("drive", "v_init")
    return {name: values if name in own else np.full(n, values[0]) for name, values in cell.items()}


def current_lif_volts(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `lif`, with two synaptic time constants [s]; currents are in volts, with r = 1."""
    cell = current_lif(rng, n)
    del cell["c_mem"]
    return cell


def conductance_lif(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `current_lif`, with leak conductance [S] and reversal potentials [V]; c_mem follows from tau_mem."""
    cell = current_lif(rng, n)
    cell["g_leak"] = uniform(rng, 10e-9, 18e-9, n)
    cell["c_mem"] = cell["g_leak"] * cell["tau_mem"]
    cell["e_ex"] = uniform(rng, -5e-3, 5e-3, n)
    cell["e_in"] = uniform(rng, -88e-3, -78e-3, n)
    return cell


def adaptive_exponential(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Brette and Gerstner's neuron: as `conductance_lif`, with slope, peak [V], adaptation a [S], b [A], tau_w [s]."""
    cell = conductance_lif(rng, n)
    cell["g_leak"] = uniform(rng, 20e-9, 32e-9, n)
    cell["c_mem"] = cell["g_leak"] * cell["tau_mem"]
    cell["drive"] = uniform(rng, 12e-3, 20e-3, n)
    cell["delta"] = uniform(rng, 1.5e-3, 2.5e-3, n)
    cell["v_peak"] = uniform(rng, -5e-3, 5e-3, n)
    cell["a"] = uniform(rng, 1e-9, 4e-9, n)
    cell["b"] = uniform(rng, 20e-12, 60e-12, n)
    cell["tau_w"] = uniform(rng, 80e-3, 160e-3, n)
    return cell


def izhikevich(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Izhikevich's neuron in mV and ms: a, b, c, d, constant current, start of v and u; the last fifth is fast."""
    x = rng.random(n)
    fast = np.arange(n) >= n - n // 5
    return {
        "a": np.where(fast, 0.02 + 0.08 * x, 0.02),
        "b": np.where(fast, 0.25 - 0.05 * x, 0.2),
        "c": np.where(fast, -65.0, -65.0 + 15.0 * x * x),
        "d": np.where(fast, 2.0, 8.0 - 6.0 * x * x),
        "drive": uniform(rng, 2.0, 6.0, n),
        "v_init": uniform(rng, -75.0, -60.0, n),
        "u_init": uniform(rng, -16.0, -12.0, n),
    }


def adaptive_lif(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """As `lif`, with an adaptive threshold (beta [V], tau_theta [s]) and current (b [V], tau_w [s]), r = 1."""
    cell = lif(rng, n)
    cell["drive"] = uniform(rng, 16e-3, 26e-3, n)
    cell["beta"] = uniform(rng, 1e-3, 3e-3, n)
    cell["tau_theta"] = uniform(rng, 50e-3, 150e-3, n)
    cell["b"] = uniform(rng, 1e-3, 3e-3, n)
    cell["tau_w"] = uniform(rng, 50e-3, 200e-3, n)
    return cell


def tutorial(w: float = 1.62e-3, drive: bool = True) -> Network:
    """Ten neurons, all to all without self: tau 10 ms, rest -70, threshold -50, reset -65 mV, refractory 5 ms.

    Args:
        w: jump of the membrane [V].
        drive: a constant drive from 19 to 28 mV that differs per neuron; without it nothing happens.
    """
    n, step = 10, np.arange(10.0)
    pre, post = np.nonzero(~np.eye(n, dtype=bool))
    none = np.zeros(0, np.int64)
    cell = {
        "tau_mem": np.full(n, 10e-3),
        "v_leak": np.full(n, -70e-3),
        "v_threshold": np.full(n, -50e-3),
        "v_reset": np.full(n, -65e-3),
        "v_init": np.full(n, -70e-3),
        "refractory": np.full(n, 50),
        "drive": 19e-3 + 1e-3 * step if drive else np.zeros(n),
    }
    recurrent = Synapses(pre, post, np.full(pre.size, w), np.ones(pre.size, np.int64))
    return Network(n, cell, recurrent, Synapses(none, none, none, none), np.zeros((0, 2), np.int64), 0)


def uncoupled(network: Network, n: int) -> Network:
    """The first n neurons with their external input and no synapses between them: no chaos, so traces compare."""
    keep = network.external.post < n
    none = np.zeros(0, np.int64)
    cell = {name: values[:n] for name, values in network.cell.items()}
    quiet = Synapses(none, none, none, none)
    return replace(network, n=n, cell=cell, recurrent=quiet, external=network.external.where(keep))


_WEIGHTS: dict[str, tuple[Callable[[np.random.Generator, int], dict[str, np.ndarray]], tuple[float, float], float]] = {
    "psc_delta": (lif, (0.5e-3, 2.0e-3), 0.6e-3),
    "psc_exp": (current_lif, (50e-12, 80e-12), 60e-12),
    "psc_exp_equal": (current_lif_equal, (50e-12, 200e-12), 60e-12),
    "psc_exp_alike": (current_lif_alike, (50e-12, 80e-12), 60e-12),
    "psc_alpha": (current_lif, (20e-12, 30e-12), 25e-12),
    "cond_exp": (conductance_lif, (1e-9, 5e-9), 1.2e-9),
    "aeif_cond_exp": (adaptive_exponential, (2e-9, 8e-9), 2e-9),
    "aeif_psc_exp": (adaptive_exponential, (80e-12, 100e-12), 80e-12),
    "izhikevich": (izhikevich, (1.0, 2.0), 1.0),
    "current": (current_lif_volts, (3e-3, 5e-3), 4e-3),
    "adaptive": (adaptive_lif, (0.5e-3, 2.0e-3), 0.6e-3),
}
NETWORKS: dict[str, Callable[..., Network]] = {
    name: partial(random_network, cell=cell, weight=weight, external=external)
    for name, (cell, weight, external) in _WEIGHTS.items()
}
"""Recurrent networks by name, from a seed, and any other argument of `random_network`."""

STP = ((0.5, 0.3, 0.0), (0.2, 0.1, 0.6), (0.15, 0.05, 0.75), (0.6, 0.5, 0.05))
"""Sets of short-term plasticity: U, tau_rec, tau_facil [s]; depressing, and facilitating with and without."""


def stp_train() -> np.ndarray:
    """Steps of one presynaptic train: regular at 50 Hz, a pause, then irregular; within 200 ms."""
    regular = np.arange(50, 900, 200)
    irregular = 1200 + np.cumsum(whole(np.random.default_rng(5), 5, 120, 10))
    return np.concatenate([regular, irregular])


def varied(file: str, seed: int) -> Network:
    """Another network for a recorded file's name.

    400 to 1,000 neurons, weights of half to 1.4 times, rates of 20 to 80 Hz outside, refractory times of 0 (for
    Brian2 of 1) to 8 steps; every third without any, every fifth with one delay of 1.5 ms for all.
    """
    name = {"brian2_jump": "psc_delta"}.get(file, file.partition("_")[2])
    rng = np.random.default_rng([seed, 99])
    n, scale, rate = whole(rng, 400, 1000, 1)[0], uniform(rng, 0.5, 1.4, 1)[0], uniform(rng, 20, 80, 1)[0]
    network = NETWORKS[name](seed, n=int(n), scale=float(scale), rate=float(rate))
    least = 1 if file.startswith("brian2") else 0
    refractory = np.zeros(n, np.int64) if seed % 3 == 0 else whole(rng, least, 8, int(n))
    if "alike" in file:
        refractory = np.full(n, refractory[0])
    if seed % 5 == 0:
        network = replace(network, recurrent=one_delay(network.recurrent), external=one_delay(network.external))
    return replace(network, cell=network.cell | {"refractory": refractory})


def one_delay(synapses: Synapses) -> Synapses:
    """The same with a delay of 15 steps."""
    return replace(synapses, delay=np.full_like(synapses.delay, 15))
