"""Programs for the core `fixed`: one that was not quantized is quantized on the fly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurobot.cli.console import compiling, messages, say
from neurobot.config import CoreName

if TYPE_CHECKING:
    from neurobot.program import Program


def ready(program: Program, core: CoreName, env: Any, seed: int) -> Program:
    """A program that a core can run: as it is, or quantized by a calibration run.

    Args:
        program: of a controller.
        core: where it will run.
        env: environment, or robot in simulation, of the calibration run.
        seed: of what will run; calibration has others.

    Raises:
        SpecError: fixed point does not have what the program has.
        EnvError: program and environment do not fit.
    """
    if core != "fixed" or program.image is not None:
        return program
    with compiling("tick32"):
        from neurobot.board import calibrate, quantize
    with messages().status("quantizing"):
        seen = calibrate(program, env, seed=seed)
        quantized = quantize(program, seen.episodes, reward=seen.reward)
    size, ticks = 4 * quantized.image.words.size, sum(map(len, seen.episodes))
    say(
        f"not quantized yet: done on the fly, by {ticks} ticks of a calibration run (an image of {size} bytes); to "
        "keep it, and for a report: neurobot quantize"
    )
    return quantized.program
