"""An image as C: constant arrays, the core that runs them, and a main loop, for a board without line and host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from neurobot.board.firmware import sources
from neurobot.core.image import Image
from neurobot.errors import ConfigError
from neurobot.files import write_atomically
from neurobot.kernels import fixed_ops as fx

CORE = ("core/*.[ch]", "link/frame.[ch]", "link/bytes.h", "link/protocol.h")
"""Files of the firmware that a tick needs."""
MAIN = "export/main.c"
A_LINE = 8


def export_c(image: Image, folder: str | Path, name: str = "program") -> tuple[Path, ...]:
    """Write C99 that runs an image by itself: `program.c`, `program.h`, the core's sources, and an example `main.c`.

    Args:
        image: what to run.
        folder: where to; made if it is not there. Files of an export before are replaced, but for ``main.c``.
        name: of the program, for a comment.

    Returns:
        The files that were written.

    Raises:
        ConfigError: the folder is a file.
        LinkError: the firmware is not installed.
        OSError: it cannot be written.
    """
    folder, firmware = Path(folder), sources()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: give a folder to write C to")
    files = {"program.h": _header(image, name), "program.c": _arrays(image, name)}
    files |= {p.name: p.read_text() for pattern in CORE for p in sorted(firmware.glob(pattern))}
    if not (folder / "main.c").exists():
        files["main.c"] = (firmware / MAIN).read_text()
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_atomically(folder / file, text.encode())
    return tuple(folder / file for file in files)


def input_of(image: Image) -> tuple[int, int]:
    """Kind and bytes of a tick's input that are always the same: bitmaps, or currents that are held."""
    if image.currents:
        return fx.HELD_CURRENTS, 2 * image.n_in
    return fx.BITMAPS, image.substeps * -(-image.n_in // 8)


def _header(image: Image, name: str) -> str:
    kind, size = input_of(image)
    what = (
        f"i16 [{image.n_in}], little-endian: 32767 times the activation of each channel"
        if image.currents
        else f"bits [{image.substeps}][{-(-image.n_in // 8)} bytes]: bit j & 7 of byte j >> 3 is channel j of "
        f"{image.n_in} in that step"
    )
    sizes = {
        "BYTES": 4 * image.words.size, "RAM_BYTES": image.ram_bytes, "STEPS": image.substeps, "ACTIONS": image.n_act,
        "INPUT_KIND": kind, "INPUT_BYTES": size, "PERIOD_US": image.header(fx.W_PERIOD),
    }  # fmt: skip
    return "\n".join(
        [
            f"/* {_comment(name)}, made by `neurobot export`.",
            " *",
            f" * A tick brings {what}.",
            " * It gives PROGRAM_ACTIONS numbers; action a of output k is program_offset[k] + a * program_unit[k].",
            " */",
            "#ifndef NEUROBOT_PROGRAM_H",
            "#define NEUROBOT_PROGRAM_H",
            "",
            "#include <stdint.h>",
            "",
            *(f"#define PROGRAM_{key} {value}u" for key, value in sizes.items()),
            *([f"#define PROGRAM_REWARD_UNIT {image.reward_unit!r}"] if image.learns() else []),
            "",
            "extern const uint32_t program_image[PROGRAM_BYTES / 4u];",
            "extern const double program_unit[PROGRAM_ACTIONS], program_offset[PROGRAM_ACTIONS];",
            "",
            "#endif",
            "",
        ]
    )


def _arrays(image: Image, name: str) -> str:
    words = [f"0x{word & 0xFFFFFFFF:08X}u" for word in image.words.tolist()]
    outputs = image.outputs
    return "\n".join(
        [
            f"/* {_comment(name)}, made by `neurobot export`. */",
            '#include "program.h"',
            "",
            _array("uint32_t program_image[PROGRAM_BYTES / 4u]", words),
            _array("double program_unit[PROGRAM_ACTIONS]", map(repr, outputs["unit"].tolist())),
            _array("double program_offset[PROGRAM_ACTIONS]", map(repr, outputs["offset"].tolist())),
        ]
    )


def _array(declared: str, values: Iterable[str]) -> str:
    values = list(values)
    lines = [", ".join(values[k : k + A_LINE]) for k in range(0, len(values), A_LINE)]
    return "\n".join([f"const {declared} = {{", *(f"    {line}," for line in lines), "};", ""])


def _comment(name: str) -> str:
    """A name that does not end the comment it is in."""
    return name.replace("*/", "* /").replace("\n", " ")
