"""Runs images on emulated microcontrollers, and counts the instructions of a step.

    make bench              counts those of the recorded vectors, and compares with counts.json
    make bench RECORD=1     writes counts.json

QEMU counts instructions (`-icount`), not the cycles of a real processor; the numbers are the same on every machine, for
the same compiler. main.c is what runs there.
"""

from __future__ import annotations

import argparse
import base64
import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COUNTS = HERE / "counts.json"
VECTORS = HERE.parent / "vectors"
MACHINES = {"m3": ("mps2-an385", 40.0), "m0": ("microbit", 62.5)}
"""Of QEMU, by processor, and how long one of its clocks is [ns]."""
INSTRUCTION = 64
"""How long an instruction takes, as -icount has it [ns]; a power of two."""
MOST_GROWTH = 0.05
WITHIN = 300.0
"""What a run may take [s]."""

LEARN = 1
"""Bit of a tick's flags, as TICK of the protocol has it: weights change."""


class Given(NamedTuple):
    """What a tick is given; without steps it has those of the image, and with 0 it is an episode's end."""

    kind: int
    data: bytes
    steps: int | None = None
    flags: int = 0
    reward: int = 0


Case = tuple[bytes, Sequence[Given]]
"""An image, and what its ticks are given."""


class Ticked(NamedTuple):
    """What a tick gave."""

    instructions: int
    spikes: int
    digest: int
    actions: tuple[int, ...]


def play(processor: str, program: Path, cases: Iterable[Case], count: bool = False) -> list[list[Ticked]]:
    """Run images on an emulated processor, each from its cleared state.

    Args:
        processor: a name of `MACHINES`.
        program: bench-PROCESSOR.elf.
        cases: images, and what their ticks are given.
        count: instructions too, which takes longer; without it they mean nothing.

    Returns:
        What the ticks of each image gave.

    Raises:
        RuntimeError: QEMU fails, or the program stopped early: an image or input was refused, or has no room.
    """
    cases = list(cases)
    machine, clock = MACHINES[processor]
    options = ["-icount", f"shift={INSTRUCTION.bit_length() - 1}"] if count else []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in.bin").write_bytes(packed(cases))
        done = subprocess.run(
            ["qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none", "-serial", "none",
             "-semihosting-config", "enable=on,target=native", *options, "-kernel", str(Path(program).resolve())],
            cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN,
        )  # fmt: skip
        out = Path(folder) / "out.bin"
        told = out.read_bytes() if out.is_file() else b""
    results = unpacked(told, cases, clock / INSTRUCTION)
    if done.returncode or results is None:
        raise RuntimeError(f"{processor}: not all images and ticks were run {done.stderr[:500]}".rstrip())
    return results


def packed(cases: Sequence[Case]) -> bytes:
    """What main.c reads."""
    out = []
    for image, ticks in cases:
        out += [struct.pack("<II", len(image), len(ticks)), image]
        for t in ticks:
            steps = _steps(image) if t.steps is None else t.steps
            out += [struct.pack("<IIIIi", t.kind, len(t.data), steps, t.flags, t.reward), t.data]
    return b"".join([*out, bytes(4)])


def _steps(image: bytes) -> int:
    steps: int = struct.unpack_from("<I", image, 4 * 5)[0]
    return steps


def unpacked(told: bytes, cases: Sequence[Case], scale: float) -> list[list[Ticked]] | None:
    """What main.c wrote, clocks being `scale` instructions each; None where something is missing."""
    results, at = [], 0
    for image, ticks in cases:
        (n_act,) = struct.unpack_from("<I", image, 4 * 8)
        layout = struct.Struct(f"<3I{n_act}h")
        if at + len(ticks) * layout.size > len(told):
            return None
        rows = [layout.unpack_from(told, at + k * layout.size) for k in range(len(ticks))]
        results.append([Ticked(round(c * scale), spikes, digest, tuple(a)) for c, spikes, digest, *a in rows])
        at += len(ticks) * layout.size
    return results if at == len(told) else None


def recorded() -> dict[str, Case]:
    """The vectors, as cases by name."""
    cases: dict[str, Case] = {}
    for path in sorted(VECTORS.glob("*.json")):
        vector = json.loads(path.read_text())
        told = [{k: t[k] for k in Given._fields if k in t} for t in vector["ticks"]]
        ticks = [Given(**(t | {"data": base64.b64decode(t["data"])})) for t in told]
        cases[path.stem] = (base64.b64decode(vector["image"]), ticks)
    return cases


def measure(programs: dict[str, Path]) -> dict[str, dict[str, int]]:
    """Instructions of a step, those of all ticks of a vector divided by their steps, by processor and vector."""
    cases, counts = recorded(), {}
    for processor, program in programs.items():
        played = play(processor, program, cases.values(), count=True)
        counts[processor] = {
            name: round(sum(t.instructions for t in told) / sum(_steps(image) for t in ticks if t.steps != 0))
            for (name, (image, ticks)), told in zip(cases.items(), played, strict=True)
        }
    return counts


def grown(counts: dict[str, dict[str, int]], before: dict[str, dict[str, int]]) -> list[str]:
    """What takes over 5 % more instructions than before, or was not counted before."""
    lines = []
    for processor, names in counts.items():
        for name, now in names.items():
            old = before.get(processor, {}).get(name)
            if old is None or now > old * (1 + MOST_GROWTH):
                lines.append(f"{processor} {name}: {now} instructions a step, {old} are recorded")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """The command; 1 where something has grown."""
    parser = argparse.ArgumentParser(description="Count the instructions of a step.")
    parser.add_argument("programs", nargs="+", metavar="PROCESSOR=ELF")
    parser.add_argument("--record", action="store_true", help="write counts.json")
    given = parser.parse_args(argv)
    counts = measure({name: Path(path) for name, path in (p.split("=") for p in given.programs)})
    if given.record:
        COUNTS.write_text(json.dumps(counts, indent=1) + "\n")
    for processor, names in counts.items():
        print(f"{processor}: {sum(names.values()) / len(names):.0f} instructions a step, mean of {len(names)} images")
    lines = grown(counts, json.loads(COUNTS.read_text()))
    print("\n".join([*lines, "if that is meant: make bench RECORD=1"] if lines else ["none has grown by 5 %"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
