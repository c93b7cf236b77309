"""From a spec to an op table: which ops run in which order, and where everything lies.

Lowering looks at sizes and kinds only, never at values: the layout of a Program follows from its spec and from
the shapes of its synapses. So a program file need not hold offsets, and a hostile one cannot forge them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurobot.kernels import ops
from neurobot.program.coefficients import refractory_steps
from neurobot.program.layout import MAX_STATE, Arena, Block
from neurobot.spec.controller import ControllerSpec, group_size
from neurobot.spec.decoders import Membrane, Rate, WinnerTakeAll
from neurobot.spec.encoders import Current, Direct, Poisson, Regular
from neurobot.spec.network import NetworkSpec, Population, Projection
from neurobot.spec.neurons import LI, CubaLIF, Input


@dataclass(frozen=True, slots=True)
class Shape:
    """What lowering needs to know of a projection's synapses.

    Args:
        kind: ``dense``, ``sparse`` or ``delayed`` (a delay per synapse).
        nnz: number of synapses, where indexed.
        max_delay: the longest delay [steps], where ``delayed``.
    """

    kind: str
    nnz: int = 0
    max_delay: int = 0


@dataclass(slots=True)
class Lowered:
    """A layout: sections of rows, and the blocks of the three arenas."""

    prologue: list[list[int]] = field(default_factory=list)
    step: list[list[int]] = field(default_factory=list)
    epilogue: list[list[int]] = field(default_factory=list)
    params: Arena = field(default_factory=lambda: Arena("params"))
    state: Arena = field(default_factory=lambda: Arena("state", ops.STATE_HEADER, MAX_STATE))
    tables: Arena = field(default_factory=lambda: Arena("layout"))

    def header(self, substeps: int, n_obs: int, n_act: int) -> np.ndarray:
        """The layout arena with its rows, and index arrays still 0; (words,) int32."""
        rows = [*self.prologue, *self.step, *self.epilogue]
        head = np.zeros(ops.HEADER, np.int32)
        for where, value in (
            (ops.SUBSTEPS, substeps), (ops.N_OBS, n_obs), (ops.N_ACT, n_act),
            (ops.N_PROLOGUE, len(self.prologue)), (ops.N_STEP, len(self.step)), (ops.N_EPILOGUE, len(self.epilogue)),
        ):  # fmt: skip
            head[where] = value
        return np.concatenate([head, np.array(rows, np.int32).reshape(-1), np.zeros(self.tables.size, np.int32)])


class _Lowering:
    """One pass over a spec. Blocks first, because ops hold their offsets."""

    def __init__(self, spec: ControllerSpec | NetworkSpec, shapes: dict[str, Shape]):
        self.spec, self.shapes = spec, shapes
        self.network = spec if isinstance(spec, NetworkSpec) else spec.network
        self.out = Lowered()
        self.params, self.state, self.tables = self.out.params, self.out.state, self.out.tables
        self.first: dict[str, int] = {}
        total = 0
        for p in self.network.populations:
            self.first[p.name] = total
            total += p.n

    def run(self, rows: int) -> Lowered:
        """Lower with index arrays behind `rows` rows of the table."""
        self.tables.size = ops.HEADER + rows * ops.WIDTH
        for population in self.network.populations:
            self._population_blocks(population)
        if isinstance(self.spec, ControllerSpec):
            self._encoder(self.spec)
        for population in self.network.populations:
            self._population(population)
        if isinstance(self.spec, ControllerSpec):
            self._decoder(self.spec)
            self._carry(self.spec)
        return self.out

    def _slots(self, p: Population) -> int:
        steps = [
            self._delay(q) for q in self.network.projections if q.pre == p.name and self._kind(q) in ("dense", "sparse")
        ]
        return 1 + max(steps, default=0)

    def _delay(self, p: Projection) -> int:
        return round(p.delay / self.network.dt)

    def _kind(self, p: Projection) -> str:
        held = isinstance(self.spec, ControllerSpec) and isinstance(self.spec.encoder.code, Current)
        if held and isinstance(self.spec, ControllerSpec) and p.pre == self.spec.encoder.population:
            return "held"
        return self.shapes[p.name].kind

    def _population_blocks(self, p: Population) -> None:
        if not isinstance(p.model, Input):
            names = ["alpha", "lam", "b", "init"]
            names += ["kappa", "beta", "mu"] if isinstance(p.model, CubaLIF) else []
            names += ["theta", "to"] if p.spikes else []
            for name in names:
                self.params.add(f"{p.name}.{name}", p.n)
            for name in ["v", "s"] + (["i"] if isinstance(p.model, CubaLIF) else []):
                self.state.add(f"{p.name}.{name}", p.n)
            if self._refractory(p):
                self.tables.add(f"{p.name}.refractory", p.n)
                self.state.add(f"{p.name}.wait", p.n, integer=True)
        if p.spikes:
            self.state.add(f"{p.name}.spikes", self._slots(p), 1 + p.n, integer=True)
            self.state.add(f"{p.name}.hits", 2 * -(-p.n // 8), integer=True)

    def _refractory(self, p: Population) -> bool:
        return p.spikes and bool(refractory_steps(p, self.network.dt).any())

    def _spike_operands(self, p: Population) -> dict[str, int]:
        return {"spikes_at": self.state.at(f"{p.name}.spikes"), "slots": self._slots(p)}

    # --- encoder: activations once a tick, spikes in every step -------------------------------------------------

    def _encoder(self, spec: ControllerSpec) -> None:
        e = spec.encoder
        n, field_ = e.size or 0, e.field
        common = {
            "n": n,
            "center_at": self.params.add("encoder.center", n),
            "scale_at": self.params.add("encoder.scale", n),
            "act_at": self.state.add("encoder.act", field_.channels(n)),
        }
        if isinstance(field_, Direct):
            self.out.prologue.append(ops.row("FIELD_DIRECT", **common, push_pull=int(field_.push_pull)))
        else:
            means, sharp = self.params.add("encoder.means", field_.per_dim), self.params.add("encoder.sharp", 1)
            per = {"per_dim": field_.per_dim, "means_at": means, "sharp_at": sharp}
            self.out.prologue.append(ops.row("FIELD_GAUSSIAN", **common, **per))
        self.params.add("encoder.gain", 1)
        channels = field_.channels(n)
        if isinstance(e.code, Regular):
            self.params.add("encoder.phase_init", channels)
            self.state.add("encoder.phase", channels)
        elif isinstance(e.code, Poisson):
            at = self.state.add("encoder.chance", channels, integer=True)
            gain = self.params.at("encoder.gain")
            self.out.prologue.append(ops.row("CHANCE", n=channels, act_at=common["act_at"], gain_at=gain, chance_at=at))

    def _input(self, p: Population) -> None:
        at = self._spike_operands(p) | {"n": p.n, "neuron": self.first[p.name]}
        if not isinstance(self.spec, ControllerSpec):
            column = sum(
                q.n for q in self.network.populations[: self.network.index(p.name)] if isinstance(q.model, Input)
            )
            self.out.step.append(ops.row("EXTERNAL_SPIKES", **at, column=column))
        elif p.name == self.spec.encoder.population:
            code = self.spec.encoder.code
            if isinstance(code, Regular):
                act, gain = self.state.at("encoder.act"), self.params.at("encoder.gain")
                phase = self.state.at("encoder.phase")
                hits = self.state.at(f"{p.name}.hits")
                self.out.step.append(ops.row("REGULAR", **at, act_at=act, gain_at=gain, phase_at=phase, hits_at=hits))
            elif isinstance(code, Poisson):
                self.out.step.append(ops.row("POISSON", **at, chance_at=self.state.at("encoder.chance"), stream=1))

    # --- a population: what arrives, the update, what leaves with delays of its own -------------------------------

    def _population(self, p: Population) -> None:
        if isinstance(p.model, Input):
            self._input(p)
        else:
            for projection in self.network.projections:
                if projection.post == p.name:
                    self._arrival(projection, p)
            self._update(p)
        for projection in self.network.projections:
            if projection.pre == p.name and self._kind(projection) == "delayed":
                self._departure(projection, p)
        decoder = self.spec.decoder if isinstance(self.spec, ControllerSpec) else None
        if isinstance(decoder, Rate | WinnerTakeAll) and decoder.population == p.name:
            at = self.state.add("decoder.counts", p.n, integer=True)
            self.out.prologue.append(ops.row("ZERO", n=p.n, at=at))
            self.out.step.append(ops.row("COUNT", n=p.n, counts_at=at, **self._spike_operands(p)))

    def _arrival(self, q: Projection, post: Population) -> None:
        pre, kind, delay = self.network.population(q.pre), self._kind(q), self._delay(q)
        sizes, s_at = {"n_pre": pre.n, "n_post": post.n}, self.state.at(f"{post.name}.s")
        if kind == "dense":
            weights = self.params.add(f"{q.name}.weights", pre.n, post.n)
            at = self._spike_operands(pre) | {"weights_at": weights, "delay": delay, "s_at": s_at}
            self.out.step.append(ops.row("DENSE", **sizes, **at))
        elif kind == "sparse":
            at = self._indexed(q, pre) | self._spike_operands(pre) | {"delay": delay, "s_at": s_at}
            self.out.step.append(ops.row("SPARSE", **sizes, **at))
        elif kind == "delayed":
            slots = 1 + self.shapes[q.name].max_delay
            ring = self._ring(q, slots, post.n)
            self.out.step.append(ops.row("GATHER", n_post=post.n, ring_at=ring, ring_slots=slots, s_at=s_at))
        else:
            weights = self.params.add(f"{q.name}.weights", pre.n, post.n)
            drive = self.state.add(f"{q.name}.drive", post.n)
            history = self.state.add(f"{q.name}.history", 1 + delay, post.n)
            act, gain = self.state.at("encoder.act"), self.params.at("encoder.gain")
            at = {"act_at": act, "gain_at": gain, "weights_at": weights, "drive_at": drive}
            self.out.prologue.append(ops.row("DRIVE", **sizes, **at))
            at = {"drive_at": drive, "history_at": history, "slots": 1 + delay, "delay": delay, "s_at": s_at}
            self.out.step.append(ops.row("HELD", n_post=post.n, **at))

    def _ring(self, q: Projection, slots: int, n_post: int) -> int:
        name = f"{q.name}.ring"
        return self.state.at(name) if name in self.state.blocks else self.state.add(name, slots, n_post)

    def _indexed(self, q: Projection, pre: Population) -> dict[str, int]:
        nnz = self.shapes[q.name].nnz
        return {
            "indptr_at": self.tables.add(f"{q.name}.indptr", pre.n + 1),
            "indices_at": self.tables.add(f"{q.name}.indices", nnz),
            "weights_at": self.params.add(f"{q.name}.weights", nnz),
        }

    def _departure(self, q: Projection, pre: Population) -> None:
        shape, post = self.shapes[q.name], self.network.population(q.post)
        slots = 1 + shape.max_delay
        at = self._indexed(q, pre) | self._spike_operands(pre)
        at |= {"delays_at": self.tables.add(f"{q.name}.delays", shape.nnz), "n_pre": pre.n, "n_post": post.n}
        self.out.step.append(ops.row("SCATTER", **at, ring_at=self._ring(q, slots, post.n), ring_slots=slots))

    def _update(self, p: Population) -> None:
        def param(name: str) -> int:
            return self.params.at(f"{p.name}.{name}")

        at = {"n": p.n, "v_at": self.state.at(f"{p.name}.v"), "s_at": self.state.at(f"{p.name}.s")}
        at |= {f"{name}_at": param(name) for name in ("alpha", "lam", "b")}
        if isinstance(p.model, LI):
            self.out.step.append(ops.row("LI", **at))
            return
        assert not isinstance(p.model, Input)
        at |= {"theta_at": param("theta"), "to_at": param("to"), "subtract": int(p.model.reset == "subtract")}
        at |= self._spike_operands(p) | {"neuron": self.first[p.name], "hits_at": self.state.at(f"{p.name}.hits")}
        name = "LIF"
        if isinstance(p.model, CubaLIF):
            name = "CUBA"
            at |= {"i_at": self.state.at(f"{p.name}.i")} | {f"{c}_at": param(c) for c in ("kappa", "beta", "mu")}
        if self._refractory(p):
            name += "_REFRACTORY"
            at |= {"steps_at": self.tables.at(f"{p.name}.refractory"), "wait_at": self.state.at(f"{p.name}.wait")}
        self.out.step.append(ops.row(name, **at))

    # --- decoder, and what survives a tick ------------------------------------------------------------------------

    def _decoder(self, spec: ControllerSpec) -> None:
        d = spec.decoder
        n_act, p = d.size or 0, self.network.population(d.population)
        per = p.n // (n_act * group_size(d, 1))
        wanted, last = self.state.add("decoder.wanted", 1 if isinstance(d, WinnerTakeAll) else n_act), 0
        if isinstance(d, WinnerTakeAll):
            last, counts = self.state.add("decoder.last", 1), self.state.at("decoder.counts")
            at = {"counts_at": counts, "rest_at": d.rest, "wanted_at": wanted, "last_at": last}
            self.out.epilogue.append(ops.row("WINNER", n_act=n_act, per=per, **at))
            return
        at = {"n_act": n_act, "per": per, "push_pull": int(d.push_pull), "gain_at": self.params.add("decoder.gain", 1)}
        at["offset_at"] = self.params.add("decoder.offset", n_act)
        if isinstance(d, Membrane):
            v_at = self.state.at(f"{p.name}.v")
            row = ops.row("READ_MEMBRANE", **at, v_at=v_at, tanh=int(d.squash == "tanh"), wanted_at=wanted)
        else:
            row = ops.row("READ_RATE", **at, counts_at=self.state.at("decoder.counts"), wanted_at=wanted)
        self.out.epilogue.append(row)
        limits = {f"{name}_at": self.params.add(f"decoder.{name}", n_act) for name in ("low", "high", "rest", "slew")}
        last = self.state.add("decoder.last", n_act)
        self.out.epilogue.append(ops.row("LIMIT", n_act=n_act, wanted_at=wanted, last_at=last, **limits))

    def _carry(self, spec: ControllerSpec) -> None:
        """Ops that bring state back towards its start, ahead of everything else in the tick."""
        if spec.carry == 1.0:
            return
        carry = self.params.add("carry", 1)
        rows = []
        for p in self.network.populations:
            for name, init in (("v", f"{p.name}.init"), ("i", f"{p.name}.i_init")):
                block = self.state.blocks.get(f"{p.name}.{name}")
                if block is not None:
                    at = self.params.at(init) if name == "v" else self.params.add(init, p.n)
                    rows.append(ops.row("CARRY", n=block.size, at=block.at, init_at=at, carry_at=carry))
        if spec.carry == 0.0:
            rows += [self._clear(name, block) for name, block in self.state.blocks.items() if _in_flight(name)]
            if "encoder.phase" in self.state.blocks:
                phase, start = self.state.blocks["encoder.phase"], self.params.at("encoder.phase_init")
                rows.append(ops.row("CARRY", n=phase.size, at=phase.at, init_at=start, carry_at=carry))
        self.out.prologue[:0] = rows

    @staticmethod
    def _clear(name: str, block: Block) -> list[int]:
        return ops.row("ZERO" if block.integer else "CLEAR", n=block.size, at=block.at)


def _in_flight(name: str) -> bool:
    return name.endswith((".spikes", ".wait", ".ring", ".history"))


def lower(spec: ControllerSpec | NetworkSpec, shapes: dict[str, Shape]) -> Lowered:
    """Lay a spec out.

    Index arrays lie behind the rows, whose number is known after a first pass.

    Args:
        spec: resolved.
        shapes: of every projection's synapses, by name.

    Raises:
        SpecError: an arena grows too large.
    """
    dry = _Lowering(spec, shapes).run(0)
    rows = len(dry.prologue) + len(dry.step) + len(dry.epilogue)
    return _Lowering(spec, shapes).run(rows)
