"""The firmware's sources, and how this machine builds them: as a process, and for boards that QEMU emulates."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import neurobot
from neurobot.errors import LinkError, near

INCLUDED = ("core", "link")
"""Folders whose files are built into every board."""
WARNINGS = ("-std=c99", "-Wall", "-Wextra")
BARE = ("-Os", "-mthumb", "-ffreestanding", "-ffunction-sections", "-fdata-sections")
PORTS = {"m0": "microbit", "m3": "mps2", "m4": "mps2", "m7": "mps2"}
"""Folders of ports/ by processors, which have the names that the Makefile has for them."""
ARM = "arm-none-eabi-gcc"


def sources() -> Path:
    """The folder of the firmware: of a checkout, or what was installed with the package.

    Raises:
        LinkError: there is none.
    """
    package = Path(neurobot.__file__).parent
    for folder in (package.parent / "firmware", package / "firmware"):
        if (folder / "ports" / "port.h").is_file():
            return folder
    raise LinkError(
        f"the firmware's sources are neither in {package.parent / 'firmware'} nor in {package / 'firmware'}: install "
        "neurobot anew, or take --port emulator"
    )


def build(target: str) -> Path:
    """Build a firmware, unless the same was built before.

    Args:
        target: ``posix``, or a name of `PORTS`.

    Returns:
        The program.

    Raises:
        LinkError: another target, no compiler, or a compiler that fails, with what it says.
    """
    if target != "posix" and target not in PORTS:
        raise LinkError(f"there is no firmware for {target!r}; {near(target, ['posix', *PORTS])}")
    folder, compiler = sources(), _compiler(target)
    port = PORTS.get(target, target)
    files = [p for part in (*INCLUDED, "ports", f"ports/{port}") for p in sorted((folder / part).glob("*.*"))]
    units = [str(p) for p in files if p.suffix == ".c"]
    flags = _flags(folder, target)
    made_of = hashlib.sha256(repr((compiler, flags)).encode())
    for path in files:
        made_of.update(path.read_bytes())
    program = _cache() / f"{target}-{made_of.hexdigest()[:16]}"
    if not program.is_file():
        _compile([compiler, *flags, *units], program)
    return program


def _flags(folder: Path, target: str) -> list[str]:
    flags = [*WARNINGS, *(f"-I{folder / part}" for part in INCLUDED)]
    if target == "posix":
        return [*flags, "-O2"]
    script = folder / "ports" / PORTS[target] / f"{PORTS[target]}.ld"
    link = ["-T", str(script), "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections"]
    return [*flags, *BARE, f"-mcpu=cortex-{target}", *link]


def _compiler(target: str) -> str:
    names = [os.environ.get("CC", "cc"), "cc", "gcc", "clang"] if target == "posix" else [ARM]
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    if target == "posix":
        raise LinkError(
            "there is no C compiler (cc, gcc, clang) to build a board that is a process: install one (apt-get install "
            "gcc libc6-dev), or take --port emulator"
        )
    raise LinkError(
        f"there is no {ARM} to build the firmware for {target}: apt-get install gcc-arm-none-eabi "
        "libnewlib-arm-none-eabi, or take --port posix"
    )


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "neurobot" / "firmware"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _compile(command: list[str], program: Path) -> None:
    """Compile beside the place, and move it there when it is whole: several may do so at once."""
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        out = Path(scratch) / program.name
        done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True)
        if done.returncode:
            raise LinkError(f"{command[0]} cannot build the firmware: {done.stderr.strip()[:2000]}")
        os.replace(out, program)
