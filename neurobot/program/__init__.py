"""From spec to Program, and Programs in files."""

from neurobot.program.program import Program as Program
from neurobot.program.program import build as build
