"""The programs of firmware/bench, and the script that runs them under QEMU."""

import importlib.util
import sys

from tests.firmware.native import FIRMWARE, run


def _script():
    spec = importlib.util.spec_from_file_location("firmware_bench", FIRMWARE / "bench/bench.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # typing looks there
    spec.loader.exec_module(module)
    return module


BENCH = _script()
play = BENCH.play


def programs(folder, *processors):
    """Compile them into a folder; by processor."""
    made = {name: folder / f"bench-{name}.elf" for name in processors}
    run(["make", "-s", "-C", FIRMWARE, f"BUILD={folder}", *made.values()], folder)
    return made
