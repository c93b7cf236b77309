"""Numbers below the normal range count as 0 while the steps of a tick run.

What decays without input ends among the subnormal numbers, where a multiplication can take a hundred times as long: a
silent network would miss its deadlines. Processors can be told to flush them; each thread has a setting of its own.
"""

from __future__ import annotations

import platform
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

X86 = platform.machine() in ("x86_64", "AMD64")
ARM = platform.machine() in ("aarch64", "arm64")
X86_BITS = 0x8040  # MXCSR: flush to zero, denormals are zero
ARM_BITS = 1 << 24  # FPCR: flush to zero
VOID, I32, I64 = ir.VoidType(), ir.IntType(32), ir.IntType(64)


def _x86(builder: Any, name: str, slot: Any) -> None:
    """Store the setting to, or load it from, 32 bits of memory."""
    pointer = ir.PointerType(ir.IntType(8))
    function = builder.module.declare_intrinsic(f"llvm.x86.sse.{name}mxcsr", fnty=ir.FunctionType(VOID, [pointer]))
    builder.call(function, [builder.bitcast(slot, pointer)])


def _slot(builder: Any) -> Any:
    with builder.goto_entry_block():
        return builder.alloca(I32)


@intrinsic
def _flush(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if X86:
            slot = _slot(builder)
            _x86(builder, "st", slot)
            before = builder.load(slot)
            builder.store(builder.or_(before, ir.Constant(I32, X86_BITS)), slot)
            _x86(builder, "ld", slot)
            return builder.zext(before, I64)
        if ARM:
            get = builder.module.declare_intrinsic("llvm.aarch64.get.fpcr", fnty=ir.FunctionType(I64, []))
            put = builder.module.declare_intrinsic("llvm.aarch64.set.fpcr", fnty=ir.FunctionType(VOID, [I64]))
            before = builder.call(get, [])
            builder.call(put, [builder.or_(before, ir.Constant(I64, ARM_BITS))])
            return before
        return ir.Constant(I64, 0)

    return types.int64(), generate


@intrinsic
def _restore(typing: Any, before: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if X86:
            slot = _slot(builder)
            builder.store(builder.trunc(arguments[0], I32), slot)
            _x86(builder, "ld", slot)
        elif ARM:
            put = builder.module.declare_intrinsic("llvm.aarch64.set.fpcr", fnty=ir.FunctionType(VOID, [I64]))
            builder.call(put, [arguments[0]])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _nothing() -> int:
    return 0


def _nothing_back(before: int) -> None:
    pass


flush = _nothing if numba.config.DISABLE_JIT else _flush
"""flush() -> what was set before: from here on subnormal numbers are 0."""
restore = _nothing_back if numba.config.DISABLE_JIT else _restore
"""restore(before)."""
