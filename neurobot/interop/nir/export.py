"""A network as a NIR graph; what NIR cannot say is refused, or noted in metadata."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobot.errors import NIRError, SpecError
from neurobot.files import write_atomically
from neurobot.interop.nir.reading import library
from neurobot.program.draw import Synapses, draw
from neurobot.program.program import Program
from neurobot.spec.check import as_array
from neurobot.spec.network import NetworkSpec, Population, Projection
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input
from neurobot.spec.weights import Dense, OneToOne, Sparse

if TYPE_CHECKING:
    import nir

MAX_PATTERNS = 1_000
"""Different delays of one projection; each takes two nodes."""
KNOWN = {
    Population: {"name", "n", "model", "bias", "v_init"},
    Projection: {"pre", "post", "weights", "delay"},
}
SAID = {"tau_mem", "tau_syn", "r", "w_in", "v_leak", "v_threshold", "v_reset", "reset", "v_subtract", "t_ref", "input"}
"""Fields of a model that are written, or that have a problem of their own below."""


def to_nir(
    network: NetworkSpec | Program,
    path: str | Path | None = None,
    *,
    lossy: bool = False,
    implicit_recurrence: bool = False,
    seed: int = 0,
    weights: Mapping[str, np.ndarray | Dense | Sparse] | None = None,
) -> nir.NIRGraph:
    """Write a network as a NIR graph, which `from_nir` with the same dt makes the same network of.

    A spike into CubaLIF is a Dirac pulse of area 1 in the graph (its ``w_in`` is multiplied by tau_syn), a held one a
    box; the metadata of the node says which. Delays become Delay nodes, one per different delay.

    Args:
        network: what to write; a program's weights and delays are those that run.
        path: file to write too, atomically.
        lossy: write what NIR cannot say (soft resets, refractory times, initial values, other meanings of a spike)
            into the metadata of the node instead of refusing; other readers will not see it.
        implicit_recurrence: leave out the Delay of one step of recurrent projections, as the frameworks do that know
            no Delay; what reads the graph then has to assume it.
        seed: of weights that a rule draws.
        weights: arrays for projections whose weights are a name.

    Raises:
        NIRError: NIR cannot say something; all of it is listed.
        SpecError: what is given is no network, or weights are missing or do not fit.
        ConfigError: the extra ``nir`` is not installed.
    """
    package = library()
    spec = network.network if isinstance(network, Program) else network
    if not isinstance(spec, NetworkSpec):
        raise SpecError("to_nir", [f"network is a {type(spec).__name__}, it must be a NetworkSpec or a Program"])
    if isinstance(network, Program):
        drawn = {p.name: network.synapses_of(p.name) for p in spec.projections}
    else:
        drawn = draw(spec, seed, weights or {})
    export = _Export(package, spec, drawn, implicit_recurrence)
    graph = export.graph()
    if export.problems and not lossy:
        listed = "".join(f"\n  - {problem}" for problem in export.problems)
        raise NIRError(f"NIR cannot say all of this network; lossy=True notes it in metadata:{listed}")
    if path is not None:
        buffer = io.BytesIO()
        package.write(buffer, graph)
        write_atomically(Path(path), buffer.getvalue())
    return graph


class _Export:
    """Makes nodes and edges, and collects what NIR cannot say."""

    def __init__(self, package: Any, spec: NetworkSpec, drawn: Mapping[str, Synapses], implicit: bool):
        self.nir, self.spec, self.drawn, self.implicit = package, spec, drawn, implicit
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.bias_waits = {p.name for p in spec.populations if np.any(as_array(p.bias, p.n))}
        self.fed = {p.post for p in spec.projections}

    def graph(self) -> Any:
        """The whole graph."""
        for population in self.spec.populations:
            if "/" in population.name or population.name == ".":
                raise NIRError(f"population {population.name!r}: a name in a NIR file cannot be '.' or hold '/'")
            self._unknown(f"population {population.name!r}", population, KNOWN[Population])
            self._add(population.name, self._node(population))
        for projection in self.spec.projections:
            self._unknown(f"projection {projection.name!r}", projection, KNOWN[Projection])
            self._projection(projection)
        sources = {p.pre for p in self.spec.projections}
        cells = [p for p in self.spec.populations if not isinstance(p.model, Input)]
        for p in [p for p in cells if p.name not in sources] or cells:
            self._after(p.name, f"{p.name}->output", self.nir.Output(output_type={"output": np.array([p.n])}))
        metadata: dict[str, Any] = {"neurobot": json.dumps({"dt": self.spec.dt, "lost": self.problems})}
        return self.nir.NIRGraph(self.nodes, self.edges, metadata=metadata, type_check=False)

    def _unknown(self, what: str, described: Any, known: set[str]) -> None:
        """Note settings that this exporter does not know of."""
        for f in fields(described):
            default = f.default_factory() if f.default_factory is not MISSING else f.default
            if f.name not in known and getattr(described, f.name) != default:
                self.problems.append(f"{what}: {f.name} = {str(getattr(described, f.name))[:60]}")

    def _node(self, p: Population) -> Any:
        model, what = p.model, f"population {p.name!r}"
        if isinstance(model, Input):
            return self.nir.Input(input_type={"input": np.array([p.n])})
        if not isinstance(model, IF | LIF | CubaLIF | LI):
            raise NIRError(f"{what}: NIR has no node for {type(model).__name__}; it has IF, LIF, CubaLIF and LI")
        self._unknown(what, model, SAID)
        own = self._beyond(p, what)
        given = {"r": as_array(model.r, p.n)}
        if not isinstance(model, IF):
            given["v_leak"] = self._leak(p)
        if not isinstance(model, LI):
            given["v_threshold"] = as_array(model.v_threshold, p.n)
            given["v_reset"] = as_array(model.v_reset if model.reset == "value" else 0.0, p.n)
        if isinstance(model, CubaLIF):
            tau_syn = as_array(model.tau_syn, p.n)
            box = model.input == "held"
            own["spike_as"] = "box" if box else "dirac"
            given |= {"tau_mem": as_array(model.tau_mem, p.n), "tau_syn": tau_syn}
            given["w_in"] = as_array(model.w_in, p.n) * (1.0 if box else tau_syn)
        elif isinstance(model, LIF | LI):
            given["tau"] = as_array(model.tau_mem, p.n)
        metadata = {"neurobot": json.dumps(own)} if own else {}
        plain = isinstance(model, LIF) and not own and (given["r"] == 1).all() and not given["v_leak"].any()
        if plain and self._forgets(p):
            return self.nir.Threshold(threshold=np.array(given["v_threshold"]))
        arrays = {name: np.array(x) for name, x in given.items()}
        return getattr(self.nir, type(model).__name__)(**arrays, metadata=metadata)

    def _forgets(self, p: Population) -> bool:
        """Whether nothing of v is left after a step."""
        return bool((np.exp(-self.spec.dt / as_array(getattr(p.model, "tau_mem", np.inf), p.n)) == 0).all())

    def _leak(self, p: Population) -> np.ndarray:
        """v_leak, with a bias in it where no Affine can bring it: v_leak + r bias has the same effect."""
        model: Any = p.model
        leak = as_array(model.v_leak, p.n)
        if p.name not in self.bias_waits or (p.name in self.fed and not isinstance(model, CubaLIF)):
            return leak
        self.bias_waits.discard(p.name)
        return np.asarray(leak + as_array(model.r, p.n) * as_array(p.bias, p.n))

    def _beyond(self, p: Population, what: str) -> dict[str, Any]:
        """What of a neuron NIR cannot say, for the metadata."""
        model: Any = p.model
        own: dict[str, Any] = {}
        if getattr(model, "reset", "value") == "subtract":
            own["reset"] = "subtract"
            if model.v_subtract is not None:
                own["v_subtract"] = model.v_subtract
            self.problems.append(f"{what}: reset by subtraction")
        if np.any(getattr(model, "t_ref", 0.0)):
            own["t_ref"] = model.t_ref
            self.problems.append(f"{what}: a refractory time")
        if model.input not in (("start", "held") if isinstance(model, CubaLIF) else ("current",)):
            own["input"] = model.input
            self.problems.append(f"{what}: input={model.input!r}")
        folded = p.name in self.bias_waits and (p.name not in self.fed or isinstance(model, CubaLIF))
        leak = getattr(model, "v_leak", 0.0)
        start = as_array(leak if p.v_init is None else p.v_init, p.n)
        told = as_array(leak, p.n) + (as_array(model.r, p.n) * as_array(p.bias, p.n) if folded else 0.0)
        if (start != told).any() and not self._forgets(p):
            own["v_init"] = start.tolist()
            self.problems.append(f"{what}: v starts elsewhere than at v_leak")
        if isinstance(model, IF) and folded:
            raise NIRError(f"{what}: a constant input to IF needs a projection whose Affine node brings it; add one")
        return own

    def _projection(self, p: Projection) -> None:
        """Delay and Linear (or Affine, Scale or a plain edge) from pre to post."""
        pre, post = self.spec.population(p.pre), self.spec.population(p.post)
        synapses = self.drawn[p.name]
        bias = as_array(post.bias, post.n) if p.post in self.bias_waits else None
        self.bias_waits.discard(p.post)
        if synapses.delays is None:
            parts = [(round(p.delay / self.spec.dt), synapses.dense(pre.n, post.n))]
        else:
            parts = self._by_delay(p, synapses, pre.n, post.n)
        for k, (steps, matrix) in enumerate(parts):
            suffix = f" {k}" if k else ""
            at = p.pre
            back = self.spec.index(p.post) <= self.spec.index(p.pre)
            if steps and not (self.implicit and back and steps == 1):
                delay = self.nir.Delay(delay=np.full(pre.n, steps * self.spec.dt))
                at = self._after(at, f"{p.name} delay{suffix}", delay)
            if isinstance(p.weights, OneToOne) and bias is None:
                if (weights := np.diagonal(matrix).copy()).tolist() != [1.0] * pre.n:
                    at = self._after(at, f"{p.name}{suffix}", self.nir.Scale(scale=weights))
            elif bias is not None:
                at = self._after(at, p.name, self.nir.Affine(weight=matrix, bias=np.array(bias)))
                bias = None
            else:
                at = self._after(at, f"{p.name}{suffix}", self.nir.Linear(weight=matrix))
            self.edges.append((at, p.post))

    def _by_delay(self, p: Projection, s: Synapses, n_pre: int, n_post: int) -> list[tuple[int, np.ndarray]]:
        """(steps, (n_post, n_pre) weights) for every delay of a projection."""
        assert s.indptr is not None and s.indices is not None and s.delays is not None
        pre = np.repeat(np.arange(n_pre), np.diff(s.indptr))
        different = np.unique(s.delays)
        if different.size > MAX_PATTERNS:
            raise NIRError(f"projection {p.name!r} has {different.size} different delays, at most {MAX_PATTERNS}")
        parts = []
        for steps in different.tolist() or [0]:
            here = s.delays == steps
            matrix = np.zeros((n_post, n_pre))
            np.add.at(matrix, (s.indices[here], pre[here]), s.weights[here])
            parts.append((steps, matrix))
        return parts

    def _after(self, before: str, name: str, node: Any) -> str:
        name = self._add(name, node)
        self.edges.append((before, name))
        return name

    def _add(self, name: str, node: Any) -> str:
        """Add a node under a name that is still free: `a->b 1` may be a projection, or a second delay of `a->b`."""
        while name in self.nodes:
            name += "_"
        self.nodes[name] = node
        return name
