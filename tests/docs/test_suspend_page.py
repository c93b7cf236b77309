"""What docs/suspend.md shows: a loop that is suspended and goes on, and an environment of one's own that takes part."""

import re
from importlib import util
from pathlib import Path

import gymnasium

from neurobot.controller import Controller
from neurobot.envs import make
from neurobot.loop import Loop, SimClock
from tests.loop.suspending import assert_same, interrupting, run

ROOT = Path(__file__).parents[2]
LOOP, DRIFT = re.findall(r"```python\n(.*?)```", (ROOT / "docs/suspend.md").read_text(), re.DOTALL)


def module(code, folder):
    path = folder / "page.py"
    path.write_text(code)
    spec = util.spec_from_file_location("page", path)
    page = util.module_from_spec(spec)
    spec.loader.exec_module(page)
    return page


def test_the_loop_goes_on_with_what_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = str(ROOT / "launch/hopper.safetensors")
    code = LOOP.replace("launch/hopper.safetensors", program).replace("episodes=100", "episodes=1")
    with interrupting(20):
        page = module(code, tmp_path)
    assert page.first.suspended.ticks == 20
    whole = Loop(Controller(program), make("Hopper-v5"), clock=SimClock()).run(1, 0)
    assert page.summary.returns == whole.returns
    assert page.summary.ticks == whole.ticks > 20


def test_the_environment_goes_on_to_the_bit(tmp_path):
    drift = module(DRIFT, tmp_path).Drift

    def short():
        return gymnasium.wrappers.TimeLimit(drift(), 20)

    assert_same(run(short), run(short, 3, 9, 11))
