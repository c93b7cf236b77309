"""Calling an op by its address.

`tick` would take minutes to compile with every op in it. Those that few Programs need are functions of their own,
compiled when a Program first needs them, and its table holds their addresses: an indirect call of a few nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from neurobot.kernels import ops
from neurobot.kernels.jit import kernel

SIGNATURE = "i8(i4[::1], i4[::1], {f}[::1], {f}[::1], {i}[::1], f8[::1], f8[::1], i8, i8)"
"""Of every linked op: (o, layout, params, state, ints, obs, act, step, substep) -> synaptic operations, or in the
epilogue a status. o is the op's row; the rest are the arguments of `tick`."""


@intrinsic
def _call_address(typing: Any, address: Any, o: Any, layout: Any, params: Any, state: Any, ints: Any, obs: Any,
                  act: Any, step: Any, substep: Any) -> Any:  # fmt: skip
    """The function of `SIGNATURE` at an address, by Numba's own calling convention."""
    arrays = tuple(types.Array(a.dtype, 1, "C") for a in (o, layout, params, state, ints, obs, act))
    parameters = (*arrays, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.call_conv.get_function_type(types.int64, parameters)
        function = builder.inttoptr(arguments[0], ir.PointerType(kind))
        status, result = context.call_conv.call_function(builder, function, types.int64, parameters, arguments[1:])
        with builder.if_then(status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return result

    return types.int64(types.int64, *parameters), generate


@kernel
def _call_compiled(o, layout, params, state, ints, obs, act, step, substep):
    address = (np.int64(o[2]) << 32) | (np.int64(o[1]) & np.int64(0xFFFFFFFF))
    return _call_address(address, o, layout, params, state, ints, obs, act, step, substep)


PLAIN: list[Callable[..., int]] = []
"""Where nothing is compiled, an address is a number in this list."""


def _call_plain(o, layout, params, state, ints, obs, act, step, substep):
    return PLAIN[o[1]](o, layout, params, state, ints, obs, act, step, substep)


call = _call_plain if numba.config.DISABLE_JIT else _call_compiled
"""call(o, layout, params, state, ints, obs, act, step, substep): run the linked op of a row."""


def write_address(row: np.ndarray, address: int) -> None:
    """Write the address of its function into a linked row, (WIDTH,) int32."""
    row[1:3] = np.array([address & 0xFFFFFFFF, address >> 32], np.uint32).view(np.int32)


def linked_rows(layout: np.ndarray) -> list[np.ndarray]:
    """The rows of the table that need an address, as views, (WIDTH,) int32 each."""
    count = int(layout[ops.N_PROLOGUE] + layout[ops.N_STEP] + layout[ops.N_EPILOGUE])
    table = layout[ops.HEADER : ops.HEADER + count * ops.WIDTH].reshape(count, ops.WIDTH)
    return [row for row in table if row[0] in (ops.LINKED, ops.LINKED_SPIKES)]
