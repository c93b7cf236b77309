"""Help of switches: ``--no-record`` turns something off, so the default of what it turns off is not its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import tyro
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructTypeInfo

SWITCHES = ConstructorRegistry()
"""For `tyro.cli`: as it is by itself, but without ``(default: True)`` in the help of a switch."""
_asked: list[StructTypeInfo] = []


@SWITCHES.struct_rule
def _without_default(info: StructTypeInfo) -> StructConstructorSpec | None:
    """What tyro makes of a class, or None; its switches that are on say no default."""
    if info in _asked:  # by the call below, whose answer is tyro's own
        return None
    _asked.append(info)
    try:
        made: Any = ConstructorRegistry.get_struct_spec(info)
    finally:
        _asked.pop()
    if not isinstance(made, StructConstructorSpec):
        return None
    off: Any = Annotated[bool, tyro.conf.arg(help_behavior_hint="")]
    fields = (replace(f, type=off) if f.type is bool and f.default is True else f for f in made.fields)
    return replace(made, fields=tuple(fields))
