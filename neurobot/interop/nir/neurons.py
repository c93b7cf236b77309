"""From a neuron node to a population: its coefficients by the convention, then the parameters that give them.

The update of a step is v <- alpha v + lam s + (1 - alpha) v_leak. A population's coefficients come from exact
propagators, alpha = exp(-dt / tau_mem) and lam = (1 - alpha) r; a Euler step, alpha = 1 - dt / tau, is therefore had by
tau_mem = -dt / ln(alpha) and r = lam / (1 - alpha), which give the same numbers.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from neurobot.errors import NIRError, near
from neurobot.interop.nir.compat import Convention
from neurobot.interop.nir.graph import FIELDS, values_of
from neurobot.interop.nir.report import Notes
from neurobot.program.coefficients import coefficients
from neurobot.spec.check import Values
from neurobot.spec.network import Population
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF

NO_MEMORY = 1e-3
"""A tau_mem of this many steps: exp(-1000) is 0, so v holds what arrives in the step and nothing else."""
OWN_FIELDS = ("reset", "v_subtract", "t_ref", "input", "v_init", "spike_as")
"""What our own exports say in the metadata of a node, beyond NIR."""


def compact(x: np.ndarray) -> Values:
    """(n,) numbers as one number where all are the same, else as a tuple."""
    return float(x[0]) if (x == x[0]).all() else tuple(x.tolist())


class Reader:
    """Reads neuron nodes.

    Args:
        dt: step of the network [s].
        convention: what the numbers mean.
        notes: gets what is assumed and ignored.
    """

    def __init__(self, dt: float, convention: Convention, notes: Notes):
        self.dt, self.c, self.notes = dt, convention, notes
        self.file_dt = dt if convention.file_dt is None else convention.file_dt

    def population(
        self, name: str, label: str, node: Any, n: int, bias: np.ndarray, *, recurrent: bool = False
    ) -> Population:
        """The population of a node.

        Args:
            name: of the node.
            label: of the population.
            node: of type IF, LIF, CubaLIF, LI or Threshold.
            n: neurons.
            bias: (n,) what arrives always; for CubaLIF it comes by a projection instead.
            recurrent: whether it projects to itself.

        Raises:
            NIRError: parameters that cannot be run.
        """
        kind = type(node).__name__
        own = self._own(name, node)
        p = {field: values_of(name, node, field, n) for field in FIELDS[kind] if field != "v_reset"}
        p["v_reset"] = np.zeros(n) if getattr(node, "v_reset", None) is None else values_of(name, node, "v_reset", n)
        make: dict[str, Any] = {"IF": self._if, "LIF": self._lif, "CubaLIF": self._cuba, "LI": self._li}
        at_once = kind == "LIF" and self.c.reset == "value" and self.c.leaky_keeps_input and not recurrent
        late = self.c.late_cuba_reset if kind == "CubaLIF" else self.c.late_reset and not at_once
        model = make.get(kind, self._threshold)(name, p, own, late)
        if self.c.if_starts_at_reset and kind == "IF" and p["v_reset"].any():
            own.setdefault("v_init", compact(p["v_reset"]))
        changed = {key: value for key, value in own.items() if key not in ("v_init", "spike_as")}
        if foreign := [key for key in changed if not hasattr(model, key)]:
            raise NIRError(f"node {name!r}: metadata 'neurobot' has {foreign[0]!r}, which {kind} has not; remove it")
        return Population(label, n, replace(model, **changed), bias=compact(bias), v_init=own.get("v_init"))

    def _steps(self, name: str, tau: np.ndarray) -> np.ndarray:
        """A time constant in steps of the writer."""
        if (tau <= 0).any():
            raise NIRError(f"node {name!r}: a time constant is {tau.min():g}, it must be greater than 0")
        return np.asarray(tau / self.file_dt ** (1 + self.c.tau_scale))

    def _decay(self, name: str, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(decay of a step, 1 - decay, the time constant [s] whose exact propagator it is)."""
        steps = self._steps(name, tau)
        if self.c.method == "exact":
            same = self.c.file_dt is None and not self.c.tau_scale
            return np.exp(-1 / steps), -np.expm1(-1 / steps), tau if same else steps * self.dt
        if (steps < 1 - 1e-6).any():
            raise NIRError(
                f"node {name!r}: a time constant is {steps.min():.3g} steps, and a Euler step needs at least 1; "
                'give method="exact", or the dt (or file_dt) that the file was written with'
            )
        lost = np.minimum(1 / steps, 1.0)
        with np.errstate(divide="ignore"):
            exact = np.maximum(-self.dt / np.log1p(-lost), NO_MEMORY * self.dt)
        self.notes.assume(
            "a Euler step: tau is replaced by -dt / ln(1 - dt/tau), whose exact decay is the same number", name
        )
        return 1 - lost, lost, exact

    def _if(self, name: str, p: dict[str, np.ndarray], own: dict[str, Any], late: bool) -> IF:
        r = p["r"]
        if self.c.gain != "r" or self.c.tau_scale:  # v += I, without dt
            r = (np.ones_like(r) if self.c.gain != "r" else r) / self.dt
            self.notes.assume("IF adds its input to v without a factor of dt", name)
        elif self.c.file_dt is not None:
            r = r * self.file_dt / self.dt
        return IF(r=compact(r), **self._threshold_and_reset(name, p, np.ones_like(r), late))

    def _lif(self, name: str, p: dict[str, np.ndarray], own: dict[str, Any], late: bool) -> LIF:
        alpha, lost, tau = self._decay(name, p["tau"])
        given = self._threshold_and_reset(name, p, alpha, late)
        r = self._gain(name, p["r"], alpha, lost, self.c.gain)
        return LIF(tau_mem=compact(tau), r=compact(r), v_leak=compact(p["v_leak"]), **given)

    def _li(self, name: str, p: dict[str, np.ndarray], own: dict[str, Any], late: bool) -> LI:
        alpha, lost, tau = self._decay(name, p["tau"])
        r = self._gain(name, p["r"], alpha, lost, "alpha" if self.c.cuba == "beta" else self.c.gain)
        return LI(tau_mem=compact(tau), r=compact(r), v_leak=compact(p["v_leak"]))

    def _gain(self, name: str, r: np.ndarray, alpha: np.ndarray, lost: np.ndarray, gain: str) -> np.ndarray:
        if gain == "r":
            return r
        self.notes.ignore("r, because this framework's neuron has a gain of its own", name)
        return np.asarray((np.ones_like(r) if gain == "one" else alpha) / lost)

    def _threshold(self, name: str, p: dict[str, np.ndarray], own: dict[str, Any], late: bool) -> LIF:
        self.notes.assume("a neuron without memory: LIF with a tau of dt / 1000, whose decay over a step is 0", name)
        return LIF(tau_mem=NO_MEMORY * self.dt, v_threshold=compact(p["threshold"]),
                   v_reset=compact(np.minimum(p["threshold"], 0.0)))  # fmt: skip

    def _cuba(self, name: str, p: dict[str, np.ndarray], own: dict[str, Any], late: bool) -> CubaLIF:
        spike_as = own.get("spike_as", self.c.spike_as)
        alpha, lost, mem = self._decay(name, p["tau_mem"])
        beta, gained, syn = self._decay(name, p["tau_syn"])
        given = self._threshold_and_reset(name, p, alpha, late)
        model = CubaLIF(tau_mem=compact(mem), tau_syn=compact(syn), v_leak=compact(p["v_leak"]), **given)
        self.notes.assume(SHAPES[spike_as], name)
        if self.c.method == "exact" and self.c.cuba == "r" and spike_as == "box":
            return replace(model, r=compact(p["r"]), w_in=compact(p["w_in"]), input="held")
        if self.c.cuba != "r":
            self.notes.ignore("r, because this framework's neuron has a gain of its own", name)
        tau_syn = self._steps(name, p["tau_syn"]) * self.file_dt
        w_in = p["w_in"] * {"box": gained, "dirac": 1 / tau_syn, "jump": 1.0}[spike_as]
        if self.c.method == "exact" and self.c.cuba == "r":
            return replace(model, r=compact(p["r"]), w_in=compact(w_in))
        kappa = {"r": lost * p["r"], "one": np.ones_like(w_in), "beta": beta}[self.c.cuba]
        propagator = coefficients(Population("x", w_in.size, replace(model, r=1.0)), self.dt)["kappa"]
        if (propagator == 0).any():
            raise NIRError(f"node {name!r}: tau_mem and tau_syn are both one step, so it has no memory; use Threshold")
        self.notes.assume("r is chosen such that the current enters v with the gain of this framework's step", name)
        return replace(model, r=compact(kappa / propagator), w_in=compact(w_in))

    def _threshold_and_reset(
        self, name: str, p: dict[str, np.ndarray], alpha: np.ndarray, late: bool
    ) -> dict[str, Any]:
        theta = p["v_threshold"]
        given: dict[str, Any] = {"v_threshold": compact(theta)}
        if not self.c.strict:
            below = np.nextafter(theta.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
            given["v_threshold"] = compact(below)
            self.notes.assume("v_threshold is the next smaller float32, since this framework spikes at v >= it", name)
        if self.c.reset == "value":
            given["v_reset"] = compact(p["v_reset"])
            if late:
                given["t_ref"] = self.dt
                self.notes.assume("v is held for one step after a spike, because the reset acts a step late", name)
            if (p["v_reset"] > theta).any():
                raise NIRError(f"node {name!r}: v_reset is above v_threshold, so it would spike for ever")
            return given
        given["reset"] = "subtract"
        if p["v_reset"].any():
            self.notes.ignore("v_reset, because the reset is by subtraction", name)
        if (theta <= 0).any():
            raise NIRError(
                f"node {name!r}: v_threshold is {theta.min():g}, and a reset by subtraction needs it above 0"
            )
        if late and (alpha == 0).any():
            raise NIRError(f"node {name!r}: its decay is 0, so a reset that acts a step late cannot act at once")
        if late:
            self.notes.assume("v_subtract is v_threshold / decay, which acts as the threshold a step later does", name)
        given["v_subtract"] = compact(theta / alpha if late else theta)
        return given

    def _own(self, name: str, node: Any) -> dict[str, Any]:
        """What our own export said beyond NIR; other metadata has no effect."""
        metadata = getattr(node, "metadata", None) or {}
        for key in metadata if isinstance(metadata, dict) else ():
            if key != "neurobot":
                self.notes.ignore(f"metadata {str(key)[:60]!r}", name)
        text = metadata.get("neurobot") if isinstance(metadata, dict) else None
        if text is None:
            return {}
        try:
            found = json.loads(text, parse_int=float)  # a number too long for a float is inf, and refused
            assert isinstance(found, dict)
        except (ValueError, TypeError, AssertionError, RecursionError):
            raise NIRError(f"node {name!r}: its metadata 'neurobot' is no JSON object; remove it") from None
        for key, value in found.items():
            if key not in OWN_FIELDS:
                raise NIRError(f"node {name!r}: metadata 'neurobot' has {key!r}; {near(key, OWN_FIELDS)}")
            self.notes.assume(f"{key} = {str(value)[:60]}, from the metadata that neurobot wrote", name)
        shape = found.get("spike_as", "box")
        if not isinstance(shape, str) or shape not in SHAPES:
            raise NIRError(f"node {name!r}: spike_as is {shape!r}; {near(str(shape), SHAPES)}")
        return {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}


SHAPES = {
    "box": "a spike into CubaLIF is a current of its weight, held over the step",
    "dirac": "a spike into CubaLIF is a Dirac pulse: its current jumps by w_in / tau_syn [1/s] times the weight",
    "jump": "a spike into CubaLIF makes its current jump by w_in times the weight",
}
