"""Boards: a Program in integers, as an image, and what that costs."""

from neurobot.board.quantize import Quantized as Quantized
from neurobot.board.quantize import quantize as quantize
