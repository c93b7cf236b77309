"""What docs/codes.md shows: its tables are those that the command makes, its launch file can be read."""

import re
import tomllib

from benchmarks import codes
from benchmarks.__main__ import main
from neurobot.spec import Encoder, FilteredRate, Gaussian, Latency
from neurobot.spec.decoders import Decoder
from neurobot.spec.serialize import converter, from_data

TEXT = codes.DOCUMENT.read_text()


def test_the_tables_of_codes_and_read_outs_are_made_by_the_command():
    assert codes.filled(TEXT).splitlines() == TEXT.splitlines()
    for name in codes.TABLES:
        assert f"<!-- {name} -->" in TEXT


def test_the_command_writes_the_tables_between_their_markers(tmp_path, monkeypatch):
    monkeypatch.setattr(codes, "DOCUMENT", tmp_path / "codes.md")
    codes.DOCUMENT.write_text("before\n<!-- choices -->\nold\n<!-- end -->\nafter\n")
    main(["codes"])
    table = codes.table("choices")
    assert codes.DOCUMENT.read_text() == f"before\n<!-- choices -->\n\n{table}\n\n<!-- end -->\nafter\n"


def test_the_settings_it_shows_are_those_of_a_launch_file():
    data = tomllib.loads(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1])
    wanted = Encoder(field=Gaussian(per_dim=8), code=Latency(threshold=0.05))
    assert from_data(data["encode"], Encoder) == wanted
    assert converter().structure(data["decode"], Decoder) == FilteredRate(tau=0.05)
