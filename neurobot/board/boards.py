"""Boards by what they have: whether an image fits into them. The firmware's own needs come on top."""

from __future__ import annotations

from dataclasses import dataclass

from neurobot.core.image import Image


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    Args:
        name: of it.
        ram: bytes.
        flash: bytes.
    """

    name: str
    ram: int
    flash: int

    def fits(self, image: Image) -> str:
        """``flash`` where the image fits there, and what changes in RAM; ``RAM`` where all of it fits in RAM; or
        ``no``."""
        size = 4 * image.words.size
        if size + image.ram_bytes <= self.ram:
            return "RAM"
        return "flash" if size <= self.flash and image.ram_bytes <= self.ram else "no"


KB = 1024
BOARDS = (
    Board("BBC micro:bit (nRF51822, Cortex-M0)", 16 * KB, 256 * KB),
    Board("Raspberry Pi Pico (RP2040, Cortex-M0+)", 264 * KB, 2048 * KB),
    Board("BBC micro:bit v2 (nRF52833, Cortex-M4)", 128 * KB, 512 * KB),
    Board("STM32F405 (Cortex-M4)", 128 * KB, 1024 * KB),  # and 64 KB that only the processor reaches
    Board("MPS2 AN385 (Cortex-M3)", 4096 * KB, 4096 * KB),  # SSRAM
)
"""A first look: what a board of yours has is in its data sheet."""
