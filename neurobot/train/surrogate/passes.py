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
from neurobot.train.surrogate.trace import Arrays, Block, Seeds


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

    def forward(self, block: Block, exact: bool) -> None:
        """Run every group, with what entered the Input populations in the block's records."""
        for group in self._groups():
            if self._structure.looped(group):
                self._run_steps(block, group, exact)
                continue
            name = group[0].name
            self._arrive(block, name, self._structure.into(name), exact)
            self._layers[name].run(block.records[name], block.scanned[name], 0, block.steps)
            block.records[name].ran(0, block.steps)

    def backward(self, block: Block, seeds: Seeds, found: Arrays) -> None:
        """Add the gradients of weights to those found; every record's g becomes the gradient of what arrived."""
        for group in reversed(self._groups()):
            names = [p.name for p in group]
            for name in names:
                later = [link for link in self._structure.out_of(name) if link.post not in names]
                self.gather(block, name, later)
                if name in seeds.spikes:
                    whole = _whole(block, name, block.records[name].g)
                    whole += np.asarray(seeds.spikes[name], whole.dtype)
                self._layers[name].end(block.scanned[name])
            self._back(block, names, seeds)
            for name in names:
                self._collect(block, name, found)

    def gather(self, block: Block, name: str, links: Sequence[Link]) -> None:
        """Bring the gradients of what links brought back to the spikes, or currents, of a population."""
        record, add = block.records[name], False
        g = record.g.reshape(-1, record.n)
        for link in links:
            shift = min(link.delay * block.batch, len(g))
            if not add:
                g[len(g) - shift :] = 0
            after = _rows(block.records[link.post])[shift:]
            self._products.dense(after, self._parameters.weights(link.name).T, g[: len(g) - shift], add)
            add = True
        if not add:
            g[:] = 0

    def held_gradient(self, block: Block, link: Link) -> np.ndarray:
        """Gradient of the product of a held link, (ticks B, n_post): that of what arrived, over the steps of a tick."""
        post = block.records[link.post]
        total = np.zeros((block.ticks, post.g.shape[1]), post.g.dtype)
        for k, steps in self._held_steps(block, link.delay):
            total[k] = post.g[steps].sum(axis=0)
        return total.reshape(-1, post.n)

    def _groups(self) -> list[tuple[Population, ...]]:
        return [group for group in self._structure.groups if not isinstance(group[0].model, Input)]

    def _arrive(self, block: Block, name: str, links: Sequence[Link], exact: bool) -> None:
        """s of all steps, from links whose spikes are all known."""
        s, add = block.scanned[name].s, False
        for link in links:
            if block.silent(link.pre):
                continue
            if link.held:
                self._hold(block, link, s, add, exact)
            else:
                shift = min(link.delay, block.steps)
                if not add:
                    s[:shift] = 0
                pre, out = block.records[link.pre], s[shift:].reshape(-1, block.records[name].n)
                self._bring(link, pre, slice(0, (block.steps - shift) * block.batch), out, add, exact)
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

    def _hold(self, block: Block, link: Link, s: np.ndarray, add: bool, exact: bool) -> None:
        """A held current: one product a tick, and the same in all of its steps."""
        weights = self._parameters.weights(link.name)
        product = np.empty((len(block.acts), weights.shape[1]), s.dtype)
        if exact:
            self._products.one_by_one(weights, block.acts, block.gain, product)
        else:
            self._products.dense(block.gain * block.acts, weights, product, False)
        if not add:
            s[: min(link.delay, block.steps)] = 0
        for k, steps in self._held_steps(block, link.delay):
            row = product.reshape(block.ticks, -1)[k]
            s[steps] = s[steps] + row if add else row

    def _held_steps(self, block: Block, delay: int) -> list[tuple[int, slice]]:
        """The steps in which what was held in each tick arrives."""
        spans = ((k, k * self._substeps + delay) for k in range(block.ticks))
        return [(k, slice(at, min(at + self._substeps, block.steps))) for k, at in spans if at < block.steps]

    def _run_steps(self, block: Block, group: tuple[Population, ...], exact: bool) -> None:
        """A group whose spikes come back: the links from before it at once, those within it step by step."""
        names = [p.name for p in group]
        waiting: dict[str, list[Link]] = {}
        held: Arrays = {}
        for name in names:
            early, waiting[name] = _split(self._structure.into(name), names, exact)
            self._arrive(block, name, early, exact)
            for link in waiting[name]:
                if link.held and not block.silent(link.pre):
                    held[link.name] = np.zeros_like(block.scanned[name].s)
                    self._hold(block, link, held[link.name], False, exact)
        for t in range(block.steps):
            for name in names:
                for link in waiting[name]:
                    if link.name in held:
                        block.scanned[name].s[t] += held[link.name][t]
                    elif t >= link.delay and not block.silent(link.pre):
                        self._arrive_at(block, link, t, exact)
                self._layers[name].run(block.records[name], block.scanned[name], t, t + 1)
                block.records[name].ran(t, t + 1)

    def _arrive_at(self, block: Block, link: Link, t: int, exact: bool) -> None:
        """What a link brings to one step."""
        then, batch = t - link.delay, block.batch
        out = block.scanned[link.post].s[t].reshape(batch, -1)
        rows = slice(then * batch, (then + 1) * batch)
        self._bring(link, block.records[link.pre], rows, out, True, exact)

    def _back(self, block: Block, names: Sequence[str], seeds: Seeds) -> None:
        gv = {name: _seed_of_v(block, name, seeds) for name in names}
        inner = {name: [link for link in self._structure.into(name) if link.pre in names] for name in names}
        if not any(inner.values()):
            self._layers[names[0]].run_back(
                block.records[names[0]], block.scanned[names[0]], gv[names[0]], 0, block.steps
            )
            return
        for t in range(block.steps - 1, -1, -1):
            for name in reversed(names):
                record = block.records[name]
                self._layers[name].run_back(record, block.scanned[name], gv[name], t, t + 1)
                for link in inner[name]:
                    if t >= link.delay:
                        back = block.records[link.pre].g[t - link.delay].reshape(block.batch, -1)
                        weights = self._parameters.weights(link.name)
                        self._products.dense(record.g[t].reshape(block.batch, -1), weights.T, back, True)

    def _collect(self, block: Block, name: str, found: Arrays) -> None:
        """Add the gradients of the weights into a population to those found."""
        for link in self._structure.into(name):
            key = f"{link.name}.weights"
            if key not in found or block.silent(link.pre):
                continue
            if link.held:
                held = (block.gain * block.acts).T
                self._products.dense(held, self.held_gradient(block, link), found[key], True)
            else:
                shift = min(link.delay, block.steps) * block.batch
                g = _rows(block.records[name])
                self._products.outer(block.records[link.pre], slice(0, len(g) - shift), g[shift:], found[key])


def _rows(record: Record) -> np.ndarray:
    """g as rows (step, instance)."""
    return record.g.reshape(-1, record.n)


def _whole(block: Block, name: str, array: np.ndarray) -> np.ndarray:
    return array.reshape(block.steps, block.batch, block.records[name].n)


def _seed_of_v(block: Block, name: str, seeds: Seeds) -> np.ndarray:
    """(T, lanes), or (0, lanes) where there is none."""
    record = block.records[name]
    if name not in seeds.v:
        return np.zeros((0, record.g.shape[1]), record.g.dtype)
    out = np.empty_like(record.g)
    _whole(block, name, out)[...] = seeds.v[name]
    return out


def _split(links: Sequence[Link], group: Sequence[str], exact: bool) -> tuple[list[Link], list[Link]]:
    """Links that can arrive at once, and those that cannot. Exactly, sums are in the order of the links."""
    inner = [link.pre in group for link in links]
    if exact and any(inner):
        first = inner.index(True)
        return list(links[:first]), list(links[first:])
    early = [link for link, within in zip(links, inner, strict=True) if not within]
    return early, [link for link, within in zip(links, inner, strict=True) if within]
