"""Boards: a Program in integers, as an image, and what that costs (docs/fixed.md)."""

from neurobot.board.calibrate import calibrate as calibrate
from neurobot.board.quantize import Quantized as Quantized
from neurobot.board.quantize import quantize as quantize
from neurobot.board.report import Report as Report
from neurobot.board.report import report as report
