"""The kernels that Python calls, compiled on first use for one kind of number and kept on disk."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np

from neurobot.kernels import (
    CACHE,
    adex,
    alif,
    alpha,
    coba,
    codes,
    cuba,
    custom,
    custom_rule,
    descent,
    eligibility,
    eprop,
    histogram,
    izhikevich,
    linked,
    noise,
    ops,
    perturbation,
    plastic,
    readouts,
    record,
    scaling,
    stp,
)  # fmt: skip
from neurobot.kernels import addresses as at
from neurobot.kernels import tick as source

_TICK_BATCH = (
    "void(i4[::1], {f}[:,::1], {f}[:,::1], {i}[:,::1], f8[:,::1], f8[:,::1], i4[::1], i4[::1], {f}[::1], "
    "i8[::1], i8[::1])"
)


def compile_on_disk(function: Callable[..., Any], signature: str) -> Callable[..., Any]:
    """Compile, or load from disk, into and from this version's own folder."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE)
    try:
        compiled = numba.njit(signature, nogil=True, _nrt=False, error_model="numpy", cache=True)(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled  # type: ignore[no-any-return]


@functools.cache
def batch_kernel(real: str) -> Callable[..., Any]:
    """`tick_batch` for ``float32`` or ``float64``."""
    signature = _TICK_BATCH.format(**_types(real))
    return compile_on_disk(getattr(source.tick_batch, "py_func", source.tick_batch), signature)


@functools.cache
def _host_kernel(real: str) -> Callable[[np.ndarray], int]:
    return compile_on_disk({"float32": at.tick32, "float64": at.tick64}[real], "i8(i8[::1])")


def bind(real: str, arrays: tuple[np.ndarray, ...]) -> Callable[[], int]:
    """`tick` with all of its arguments fixed: nine arrays would cost 1 us to pass, one of addresses costs 0.2.

    Args:
        real: ``float32`` or ``float64``.
        arrays: the arguments of `neurobot.kernels.tick.tick`, contiguous; they stay where they are and alive as
            long as what is returned.

    Returns:
        A function that runs a tick and returns its status.
    """
    if numba.config.DISABLE_JIT:
        return functools.partial(source.tick, *arrays)
    return _bound(_host_kernel(real), arrays, _argument_types(real))


_RECORDED = {"float32": ("f4", "f4", "i4"), "float64": ("f8", "f8", "i8"), "fixed": ("i4", "f4", "i4")}


@functools.cache
def _record_kernel(kind: str) -> Callable[..., int]:
    kernels = {"float32": record.record32, "float64": record.record64, "fixed": record.record_fixed}
    return compile_on_disk(kernels[kind], "i8(i8[::1],i8,i8,i8,i8,i8,f8)")


def bind_record(kind: str, arrays: tuple[np.ndarray, ...]) -> Callable[[int, bool, int, int, int, float], int]:
    """`neurobot.kernels.record.record` with all of its arrays fixed, as `bind`.

    Args:
        kind: ``float32``, ``float64`` or ``fixed``, see `neurobot.core.base.Tap`.
        arrays: its arguments.
    """
    if numba.config.DISABLE_JIT:
        return functools.partial(record.record, *arrays)
    state, wanted, spikes = _RECORDED[kind]
    kinds = ("i8", "f8", "f4", "i4", "u1", "i8", "f8", state, "i8", "f8", wanted, "f8", "i4", spikes)
    return _bound(_record_kernel(kind), arrays, kinds)


@functools.cache
def stage_counter() -> Callable[..., None]:
    """`neurobot.kernels.histogram.count_stages`."""
    source = histogram.count_stages
    return compile_on_disk(getattr(source, "py_func", source), f"void(i8[:,::1],{','.join(['i8'] * 7)})")


def _bound(compiled: Callable[..., Any], arrays: tuple[np.ndarray, ...], kinds: tuple[str, ...]) -> Callable[..., Any]:
    for array, kind in zip(arrays, kinds, strict=True):
        assert array.flags.c_contiguous and array.flags.writeable and array.dtype == kind
    addresses = np.array([number for a in arrays for number in (a.ctypes.data, a.size)], np.int64)
    run = functools.partial(compiled, addresses)
    run.arrays = arrays  # type: ignore[attr-defined]
    return run


LINKED: dict[str, Callable[..., Any]] = {
    "CUBA_UNIFORM": cuba.cuba_uniform,
    "CUBA_TWO": cuba.cuba_two,
    "ALPHA": alpha.alpha,
    "ADEX": adex.adex,
    "ALIF": alif.alif,
    "COBA": coba.coba,
    "IZHIKEVICH": izhikevich.izhikevich,
    "NOISE": noise.noise,
    "FIELD_ONE_HOT": codes.field_one_hot,
    "LATENCY": codes.latency,
    "DELTA": codes.delta,
    "PHASE": codes.phase,
    "BURST": codes.burst,
    "FILTER": readouts.filter_spikes,
    "READ_VECTOR": readouts.read_vector,
    "COUNT_FIRST": readouts.first_spikes,
    "HIGHEST": readouts.read_highest,
    "SCATTER_STP": stp.scatter_stp,
    "PLASTIC": plastic.plastic,
    "STDP": plastic.stdp,
    "ELIGIBILITY": eligibility.eligibility,
    "MODULATE": eligibility.modulate,
    "SCALE": scaling.scale,
    "NORMALISE": scaling.normalise,
    "EPROP_SIGNAL": eprop.learning_signal,
    "EPROP_SLOPE": eprop.slope,
    "EPROP": eprop.eprop,
    "EPROP_APPLY": descent.apply,
    "PERTURB": perturbation.perturb,
}
"""The linked ops; each is compiled when a Program first needs it."""


def link(
    layout: np.ndarray,
    real: str,
    updates: Mapping[int, Callable[..., None]],
    rules: Mapping[int, tuple[Callable[..., float], int]],
) -> None:
    """Write the addresses of the linked ops into a core's copy of a layout.

    Args:
        layout: (words,) int32.
        real: ``float32`` or ``float64``.
        updates: the function of every population with a neuron of the user's own, by its number.
        rules: function and number of parameters of every projection with a rule of the user's own, by its number.
    """
    for row in linked.linked_rows(layout):
        if ops.name_of(row) == "CUSTOM":
            states, coefficients, population = row[ops.FIRST + 7 : ops.FIRST + 10].tolist()
            address = _custom_address(custom.custom(updates[population], states, coefficients), real)
        elif ops.name_of(row) == "RULE":
            address = _custom_address(custom_rule.rule_op(*rules[int(row[-1])]), real)
        else:
            address = _address(ops.name_of(row), real)
        linked.write_address(row, address)


@functools.cache
def _address(name: str, real: str) -> int:
    """Where the compiled function of a linked op is."""
    function = getattr(LINKED[name], "py_func", LINKED[name])
    if numba.config.DISABLE_JIT:
        return _plain_address(function)
    return _kept_address(compile_on_disk(function, linked.SIGNATURE.format(**_types(real))))


@functools.cache
def _custom_address(op: Any, real: str) -> int:
    """Where the compiled op of a user's neuron or rule is; not kept on disk, because it may use whatever its module
    has."""
    if numba.config.DISABLE_JIT:
        return _plain_address(op)
    op.compile(linked.SIGNATURE.format(**_types(real)))
    return _kept_address(op)


def _plain_address(function: Callable[..., int]) -> int:
    linked.PLAIN.append(function)
    return len(linked.PLAIN) - 1


def _kept_address(compiled: Any) -> int:
    """The address of the one, or the last, signature that was compiled."""
    _KEPT.append(compiled)
    result = list(compiled.overloads.values())[-1]
    address: int = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
    return address


_KEPT: list[Any] = []
"""Compiled functions live as long as their addresses are used: for ever."""


def _types(real: str) -> dict[str, str]:
    width = {"float32": "4", "float64": "8"}[real]
    return {"f": "f" + width, "i": "i" + width}


def _argument_types(real: str) -> tuple[str, ...]:
    f, i = _types(real).values()
    return ("i4", f, f, i, "f8", "f8", "i4", "i4", f)


def is_warm(name: str) -> bool:
    """Whether a kernel is on disk already, by its function's name: ``tick32``, say."""
    return any(CACHE.glob(f"**/*.{name}-*.nbi"))


def integer(real: np.dtype[Any]) -> np.dtype[Any]:
    """The integer type of the same width."""
    return np.dtype(np.int32 if real == np.float32 else np.int64)
