"""The kernels of training, compiled on first use for one kind of number and kept on disk, as those of a tick are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from neurobot.kernels import adam, bptt, bptt_backward, bptt_codec, bptt_events, bptt_forward, critic
from neurobot.kernels.compiled import compile_on_disk


@functools.cache
def forward_scan(variant: bptt.Variant, real: str) -> Callable[..., Any]:
    """`neurobot.kernels.bptt_forward.forward` for ``float32`` or ``float64``."""
    return compile_on_disk(bptt_forward.forward(variant), bptt.signature_forward(short(real), variant.smooth))


@functools.cache
def backward_scan(variant: bptt.Variant, real: str) -> Callable[..., Any]:
    """`neurobot.kernels.bptt_backward.backward` for ``float32`` or ``float64``."""
    return compile_on_disk(bptt_backward.backward(variant), bptt.signature_backward(short(real), variant.smooth))


def short(real: str) -> str:
    """Numba's name of a kind of number."""
    return {"float32": "f4", "float64": "f8"}[real]


@functools.cache
def event_kernel(name: str, real: str) -> Callable[..., Any]:
    """A function of `neurobot.kernels.bptt_events` by its name."""
    return compile_on_disk(getattr(bptt_events, name), bptt_events.SIGNATURES[name].format(f=short(real)))


@functools.cache
def adam_kernel(real: str) -> Callable[..., Any]:
    """`neurobot.kernels.adam.adam`."""
    return compile_on_disk(adam.adam, adam.SIGNATURE.format(f=short(real)))


@functools.cache
def codec_kernel(name: str, real: str, values: str = "") -> Callable[..., Any]:
    """A function of `neurobot.kernels.bptt_codec` by its name, for values of one kind: ``i8`` or a real."""
    signature = bptt_codec.SIGNATURES[name].format(f=short(real), v=values)
    return compile_on_disk(getattr(bptt_codec, name), signature)


@functools.cache
def critic_kernel(name: str) -> Callable[..., Any]:
    """A function of `neurobot.kernels.critic` by its name."""
    return compile_on_disk(getattr(critic, name), critic.SIGNATURES[name])
