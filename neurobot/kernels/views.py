"""Arrays cut out of arenas and made of addresses, for nothing.

A slice of Numba's is checked and clipped, which costs as much as a small op has to do. A Program's layout is ours and
right by construction, so `cut` is one addition. Where bounds are to be checked (NUMBA_BOUNDSCHECK=1), or nothing is
compiled (NUMBA_DISABLE_JIT=1), it is an ordinary slice.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from neurobot.kernels.jit import kernel, view


def _fill(context: Any, builder: Any, kind: Any, data: Any, n: Any) -> Any:
    """A contiguous 1-D array at `data` that owns nothing."""
    array = make_array(kind)(context, builder)
    word = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    populate_array(array, data=data, shape=[n], strides=[word], itemsize=word, meminfo=None)
    return array._getvalue()


def at_word(context: Any, builder: Any, kind: Any, array: Any, at: Any, n: Any) -> Any:
    """In an intrinsic: n numbers of an array of some type, from `at` on, not checked."""
    parent = make_array(kind)(context, builder, array)
    data = builder.gep(parent.data, [at], inbounds=True)
    return _fill(context, builder, kind.copy(ndim=1, layout="C"), data, n)


@intrinsic
def _cut_unchecked(typing: Any, array: Any, at: Any, n: Any) -> Any:
    """array[at : at + n], not checked."""
    kind = array.copy(ndim=1, layout="C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return at_word(context, builder, signature.args[0], *arguments)

    return kind(array, types.intp, types.intp), generate


@intrinsic
def at_address(typing: Any, address: Any, n: Any, kind: Any) -> Any:
    """The array of n numbers of a kind at an address."""
    result = types.Array(kind.dtype, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = context.get_value_type(types.CPointer(kind.dtype))
        data = builder.inttoptr(arguments[0], pointer)
        return _fill(context, builder, signature.return_type, data, arguments[1])

    return result(types.intp, types.intp, kind), generate


@view
def _cut_checked(array, at, n):
    return array[at : at + n]


cut = _cut_checked if numba.config.DISABLE_JIT or numba.config.BOUNDSCHECK else _cut_unchecked
"""cut(array, at, n): n numbers of a 1-D array from `at` on; a view."""


@kernel
def place(index):
    """An index out of a table, unsigned: so nobody asks whether it counts from the end."""
    return np.uint64(index)


@intrinsic
def _ask(typing: Any, array: Any, at: Any) -> Any:
    byte, number = ir.PointerType(ir.IntType(8)), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parent = make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.bitcast(builder.gep(parent.data, [arguments[1]]), byte)
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(function, [address, *(number(flag) for flag in (0, 3, 1))])  # to read, soon, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _ask_nothing(array: Any, at: int) -> None:
    pass


ask = _ask_nothing if numba.config.DISABLE_JIT else _ask
"""ask(array, at): the cache line with number `at` of a 1-D array will be wanted soon; changes nothing."""
