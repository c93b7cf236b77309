"""Instructions of a step on emulated processors, which may not grow unnoticed."""

import json

import pytest

from neurobot.board.conform import recorded
from tests.firmware.bench import BENCH, play, programs
from tests.firmware.native import need


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    need("make", "arm-none-eabi-gcc", "qemu-system-arm")
    return programs(tmp_path_factory.mktemp("bench"), *BENCH.MACHINES)


def test_no_step_takes_over_five_percent_more_instructions_than_recorded(made):
    counts = BENCH.measure(made)
    assert set(counts) == {"m3", "m0"}
    assert BENCH.grown(counts, json.loads(BENCH.COUNTS.read_text())) == [], "if that is meant: make bench RECORD=1"


def test_what_was_counted_is_what_was_recorded(made):
    (vector,) = [v for v in recorded() if v.name == "plain_2"]
    cases = [(vector.image, [BENCH.Given(t.kind, t.data) for t in vector.ticks])]
    first, again = (play("m0", made["m0"], cases, count=True)[0] for _ in range(2))
    assert first == again
    assert [(t.actions, t.digest) for t in first] == [(t.actions, t.digest) for t in vector.ticks]


@pytest.mark.parametrize("kind", ["image", "input"])
def test_an_image_or_input_that_is_refused_is_told(made, kind):
    vector = recorded()[0]
    damaged = vector.image[:-4] + bytes(4)
    tick = BENCH.Given(9, b"") if kind == "input" else BENCH.Given(vector.ticks[0].kind, vector.ticks[0].data)
    with pytest.raises(RuntimeError, match="m3: not all images and ticks were run"):
        play("m3", made["m3"], [(damaged if kind == "image" else vector.image, [tick])])


def test_growth_is_told_from_five_percent_on_and_what_is_new_too():
    before = {"m3": {"one": 1000, "two": 1000, "three": 1000}}
    counts = {"m3": {"one": 1050, "two": 1051, "three": 10, "four": 7}}
    assert BENCH.grown(counts, before) == [
        "m3 two: 1051 instructions a step, 1000 are recorded",
        "m3 four: 7 instructions a step, None are recorded",
    ]


def test_the_command_fails_on_growth_and_records_what_is_meant(monkeypatch, tmp_path, capsys):
    counts = {"m3": {"one": 2000}}
    monkeypatch.setattr(BENCH, "measure", lambda programs: counts)
    monkeypatch.setattr(BENCH, "COUNTS", tmp_path / "counts.json")
    BENCH.COUNTS.write_text('{"m3": {"one": 1000}}')
    assert BENCH.main(["m3=m3.elf"]) == 1
    assert "if that is meant: make bench RECORD=1" in capsys.readouterr().out
    assert BENCH.main(["m3=m3.elf", "--record"]) == 0
    assert json.loads(BENCH.COUNTS.read_text()) == counts
