"""The two passes over a whole network: layer by layer, and step by step where spikes come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurobot.spec.network import Population
from neurobot.spec.neurons import Input
from neurobot.train.surrogate.layer import Layer, Record
from neurobot.train.surrogate.parameters import Parameters
from neurobot.train.surrogate.products import EVENTS_BELOW, Products
from neurobot.train.surrogate.structure import Link, Structure
from neurobot.train.surrogate.trace import Arrays, Seeds, Trace


class Passes:
    """Forward and backward.

    Args:
        structure: groups and links.
        layers: of every population that has dynamics.
        parameters: weights and coefficients.
        products: of links.
        substeps: steps for which a held current stays.
    """

    def __init__(
        self, structure: Structure, layers: Mapping[str, Layer], parameters: Parameters, products: Products,
        substeps: int,
    ) -> None:  # fmt: skip
        self._structure, self._layers, self._parameters = structure, layers, parameters
        self._products, self._substeps = products, substeps

    def forward(self, trace: Trace, exact: bool) -> None:
        """Run every group, with what entered the Input populations in the trace's records."""
        for group in self._groups():
            if self._structure.looped(group):
                self._run_steps(trace, group, exact)
                continue
            name = group[0].name
            self._arrive(trace, name, self._structure.into(name), exact)
            self._layers[name].run(trace.records[name], trace.scanned[name], 0, trace.steps)
            trace.records[name].ran(0, trace.steps)

    def backward(self, trace: Trace, seeds: Seeds) -> Arrays:
        """Gradients of the variables; every record's g becomes the gradient of what arrived."""
        found: Arrays = {}
        for group in reversed(self._groups()):
            names = [p.name for p in group]
            for name in names:
                later = [link for link in self._structure.out_of(name) if link.post not in names]
                self.gather(trace, name, later)
                if name in seeds.spikes:
                    _whole(trace, name, trace.records[name].g)[...] += seeds.spikes[name]
                self._layers[name].end(trace.scanned[name])
            self._back(trace, names, seeds)
            for name in names:
                found |= self._collect(trace, name)
        return found

    def gather(self, trace: Trace, name: str, links: Sequence[Link]) -> None:
        """Bring the gradients of what links brought back to the spikes, or currents, of a population."""
        record, add = trace.records[name], False
        g = record.gradient().reshape(-1, record.n)
        for link in links:
            shift = min(link.delay * trace.batch, len(g))
            if not add:
                g[len(g) - shift :] = 0
            after = _rows(trace.records[link.post])[shift:]
            self._products.dense(after, self._parameters.weights(link.name).T, g[: len(g) - shift], add)
            add = True
        if not add:
            g[:] = 0

    def held_gradient(self, trace: Trace, link: Link) -> np.ndarray:
        """Gradient of the product of a held link, (ticks B, n_post): that of what arrived, over the steps of a tick."""
        post = trace.records[link.post]
        total = np.zeros((trace.ticks, post.g.shape[1]), post.g.dtype)
        for k, steps in self._held_steps(trace, link.delay):
            total[k] = post.g[steps].sum(axis=0)
        return total.reshape(-1, post.n)

    def _groups(self) -> list[tuple[Population, ...]]:
        return [group for group in self._structure.groups if not isinstance(group[0].model, Input)]

    def _arrive(self, trace: Trace, name: str, links: Sequence[Link], exact: bool) -> None:
        """s of all steps, from links whose spikes are all known."""
        s, add = trace.scanned[name].s, False
        for link in links:
            if trace.silent(link.pre):
                continue
            if link.held:
                self._hold(trace, link, s, add, exact)
            else:
                shift = min(link.delay, trace.steps)
                if not add:
                    s[:shift] = 0
                pre, out = trace.records[link.pre], s[shift:].reshape(-1, trace.records[name].n)
                self._bring(link, pre, slice(0, (trace.steps - shift) * trace.batch), out, add, exact)
            add = True
        if not add:
            s[:] = 0

    def _bring(self, link: Link, pre: Record, rows: slice, out: np.ndarray, add: bool, exact: bool) -> None:
        weights = self._parameters.weights(link.name)
        if pre.binary:
            self._products.forward(weights, pre, rows, out, add, exact or pre.density < EVENTS_BELOW)
        elif exact:
            room = np.empty_like(out) if add else out
            self._products.one_by_one(weights, pre.reals()[rows], np.ones(1, out.dtype), room)
            if add:
                out += room
        else:
            self._products.dense(pre.reals()[rows], weights, out, add)

    def _hold(self, trace: Trace, link: Link, s: np.ndarray, add: bool, exact: bool) -> None:
        """A held current: one product a tick, and the same in all of its steps."""
        weights = self._parameters.weights(link.name)
        product = np.empty((len(trace.acts), weights.shape[1]), s.dtype)
        if exact:
            self._products.one_by_one(weights, trace.acts, trace.gain, product)
        else:
            self._products.dense(trace.gain * trace.acts, weights, product, False)
        if not add:
            s[: min(link.delay, trace.steps)] = 0
        for k, steps in self._held_steps(trace, link.delay):
            row = product.reshape(trace.ticks, -1)[k]
            s[steps] = s[steps] + row if add else row

    def _held_steps(self, trace: Trace, delay: int) -> list[tuple[int, slice]]:
        """The steps in which what was held in each tick arrives."""
        spans = ((k, k * self._substeps + delay) for k in range(trace.ticks))
        return [(k, slice(at, min(at + self._substeps, trace.steps))) for k, at in spans if at < trace.steps]

    def _run_steps(self, trace: Trace, group: tuple[Population, ...], exact: bool) -> None:
        """A group whose spikes come back: the links from before it at once, those within it step by step."""
        names = [p.name for p in group]
        waiting: dict[str, list[Link]] = {}
        held: Arrays = {}
        for name in names:
            early, waiting[name] = _split(self._structure.into(name), names, exact)
            self._arrive(trace, name, early, exact)
            for link in waiting[name]:
                if link.held and not trace.silent(link.pre):
                    held[link.name] = np.zeros_like(trace.scanned[name].s)
                    self._hold(trace, link, held[link.name], False, exact)
        for t in range(trace.steps):
            for name in names:
                for link in waiting[name]:
                    if link.name in held:
                        trace.scanned[name].s[t] += held[link.name][t]
                    elif t >= link.delay and not trace.silent(link.pre):
                        self._arrive_at(trace, link, t, exact)
                self._layers[name].run(trace.records[name], trace.scanned[name], t, t + 1)
                trace.records[name].ran(t, t + 1)

    def _arrive_at(self, trace: Trace, link: Link, t: int, exact: bool) -> None:
        """What a link brings to one step."""
        then, batch = t - link.delay, trace.batch
        out = trace.scanned[link.post].s[t].reshape(batch, -1)
        rows = slice(then * batch, (then + 1) * batch)
        self._bring(link, trace.records[link.pre], rows, out, True, exact)

    def _back(self, trace: Trace, names: Sequence[str], seeds: Seeds) -> None:
        gv = {name: _seed_of_v(trace, name, seeds) for name in names}
        inner = {name: [link for link in self._structure.into(name) if link.pre in names] for name in names}
        if not any(inner.values()):
            self._layers[names[0]].run_back(
                trace.records[names[0]], trace.scanned[names[0]], gv[names[0]], 0, trace.steps
            )
            return
        for t in range(trace.steps - 1, -1, -1):
            for name in reversed(names):
                record = trace.records[name]
                self._layers[name].run_back(record, trace.scanned[name], gv[name], t, t + 1)
                for link in inner[name]:
                    if t >= link.delay:
                        back = trace.records[link.pre].g[t - link.delay].reshape(trace.batch, -1)
                        weights = self._parameters.weights(link.name)
                        self._products.dense(record.g[t].reshape(trace.batch, -1), weights.T, back, True)

    def _collect(self, trace: Trace, name: str) -> Arrays:
        """Gradients of what a population and the links into it have."""
        found: Arrays = {}
        if self._parameters.neurons[name].trained:
            found |= self._parameters.pull_back(name, self._layers[name].sums())
        for link in self._structure.into(name):
            key = f"{link.name}.weights"
            if key not in self._parameters.values:
                continue
            total = np.zeros_like(self._parameters.values[key])
            if link.held and not trace.silent(link.pre):
                self._products.dense((trace.gain * trace.acts).T, self.held_gradient(trace, link), total, False)
            elif not trace.silent(link.pre):
                shift = min(link.delay, trace.steps) * trace.batch
                g = _rows(trace.records[name])
                self._products.outer(trace.records[link.pre], slice(0, len(g) - shift), g[shift:], total)
            if key in self._parameters.masks:
                total *= self._parameters.masks[key]
            found[key] = total
        return found


def _rows(record: Record) -> np.ndarray:
    """g as rows (step, instance)."""
    return record.g.reshape(-1, record.n)


def _whole(trace: Trace, name: str, array: np.ndarray) -> np.ndarray:
    return array.reshape(trace.steps, trace.batch, trace.records[name].n)


def _seed_of_v(trace: Trace, name: str, seeds: Seeds) -> np.ndarray:
    """(T, lanes), or (0, lanes) where there is none."""
    record = trace.records[name]
    if name not in seeds.v:
        return np.zeros((0, record.g.shape[1]), record.g.dtype)
    out = np.empty_like(record.g)
    _whole(trace, name, out)[...] = seeds.v[name]
    return out


def _split(links: Sequence[Link], group: Sequence[str], exact: bool) -> tuple[list[Link], list[Link]]:
    """Links that can arrive at once, and those that cannot. Exactly, sums are in the order of the links."""
    inner = [link.pre in group for link in links]
    if exact and any(inner):
        first = inner.index(True)
        return list(links[:first]), list(links[first:])
    early = [link for link, within in zip(links, inner, strict=True) if not within]
    return early, [link for link, within in zip(links, inner, strict=True) if within]
