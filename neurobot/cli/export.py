"""`neurobot export`: a quantized program as C, for a board that runs it by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.fixed import load_image


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a quantized program as C99 that runs by itself: no line, no host, nothing allocated.

    The image becomes a constant array, which lies in flash; the core that runs it, and a main loop to fill in, come
    with it. What the loop gives to the core are spikes or currents: encoding an observation is yours.

    Args:
        program: of `neurobot quantize` (.safetensors).
        c: folder for the C files; a main.c that is there already is left alone.
    """

    program: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="PROGRAM")]
    c: Annotated[Path, tyro.conf.arg(metavar="FOLDER")]


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Export, args, "export")
    from neurobot.board.export import export_c

    image = load_image(Path(options.program))
    written = export_c(image, options.c, Path(options.program).name)
    print(f"{len(written)} files in {options.c}: {4 * image.words.size} bytes of flash, {image.ram_bytes} of RAM")
    if options.c / "main.c" not in written:
        print("main.c was there and is as it was")
    print(f"compile it: cc -std=c99 -O2 {options.c}/*.c -o controller")
    return 0
