"""Gradients that torch's autograd finds, in float64; ``python -m tests.golden.make.bptt_record`` where torch is."""

from __future__ import annotations

import torch

from tests.golden.bptt_cases import CASES
from tests.golden.bptt_torch import gradients
from tests.golden.make.save import save


def main() -> None:
    """Record everything."""
    arrays = {f"{case.name}.{key}": array for case in CASES for key, array in gradients(case).items()}
    small = {key: a.astype("u1") if key.endswith((".a", ".out")) else a for key, a in arrays.items()}
    save("bptt", f"torch {torch.__version__}", "", small)


if __name__ == "__main__":
    main()
