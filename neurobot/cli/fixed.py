"""Programs for the core `fixed`: one that was not quantized is quantized on the fly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobot.cli.console import compiling, messages, say
from neurobot.config import CoreName
from neurobot.errors import ConfigError, ImageError

if TYPE_CHECKING:
    from neurobot.core.image import Image
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
        "keep it, and for a report: neurobot quantize PROGRAM --out FILE, which `run` and `stream` take as LAUNCH "
        "--program FILE"
    )
    return quantized.program


def load_image(path: Path) -> Image:
    """The image of a program's file, checked.

    Raises:
        ConfigError: no file.
        ProgramFileError: not a program, or a damaged one.
        ImageError: a program that was not quantized, or whose image is damaged.
    """
    from neurobot.core.fixed import image_of
    from neurobot.program import Program

    if not path.is_file():
        raise ConfigError(
            f"{path} is no file: give a program (.safetensors) that `neurobot quantize LAUNCH --out FILE` wrote"
        )
    program = Program.load(path)
    if program.image is None:
        raise ImageError(
            f"{path}: the program has no image for fixed point; make one with: neurobot quantize {path} --out "
            f"{path.stem}_fixed.safetensors"
        )
    return image_of(program)
