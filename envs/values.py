"""What counts as a number: NumPy's too, truth values not, and nothing that is not finite."""

from __future__ import annotations

import math
import numbers
from typing import TypeGuard


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number with hundreds of digits
        return False


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number by its type, as 2 is and 2.0 is not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
