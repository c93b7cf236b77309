import importlib.util
import re
import struct
from pathlib import Path

import pytest

from neurobot.link import protocol

ROOT = Path(__file__).parents[2]


def load_tool():
    spec = importlib.util.spec_from_file_location("protocol_tool", ROOT / "firmware/tools/protocol.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


TOOL = load_tool()


def test_the_header_and_the_module_are_what_the_table_says():
    table = TOOL.read()
    assert TOOL.header(table) == TOOL.HEADER.read_text(), "run: python firmware/tools/protocol.py"
    assert TOOL.module(table) == TOOL.MODULE.read_text(), "run: python firmware/tools/protocol.py"


def test_the_check_says_which_file_is_stale(tmp_path, monkeypatch, capsys):
    assert TOOL.main(["--check"]) == 0
    stale = tmp_path / "protocol.h"
    stale.write_text("old")
    monkeypatch.setattr(TOOL, "HEADER", stale)
    assert TOOL.main(["--check"]) == 1
    assert str(stale) in capsys.readouterr().out


def test_both_sides_carry_the_same_fingerprint():
    told = re.search(r"NB_FINGERPRINT (0x[0-9A-F]+)u", TOOL.HEADER.read_text())[1]
    assert int(told, 16) == protocol.FINGERPRINT


def test_the_fingerprint_changes_with_a_field_and_not_with_a_sentence():
    table = TOOL.read()
    table["messages"]["PING"]["about"] = "What else?"
    assert TOOL.fingerprint(table) == protocol.FINGERPRINT
    table["messages"]["PING"]["reply"][1] = "dev_us u64"
    assert TOOL.fingerprint(table) != protocol.FINGERPRINT


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("dev_us u32", "dev_us u33"), "PING_REPLY.dev_us is u33; known: u8"),
        (("offset u32", "offset bytes"), "LOAD_CHUNK_REQUEST.offset is bytes; .* bytes only at the end"),
        (("id = 0x02", "id = 0x01"), "an id is used twice"),
    ],
)
def test_a_table_that_cannot_be_is_refused(tmp_path, change, says):
    path = tmp_path / "protocol.toml"
    path.write_text(TOOL.TABLE.read_text().replace(*change, 1))
    with pytest.raises(ValueError, match=says):
        TOOL.read(path)


def test_offsets_of_the_header_are_those_of_the_module():
    header = dict(re.findall(r"#define NB_(\w+_SIZE) (\d+)u", TOOL.HEADER.read_text()))
    for kind, (_, layout) in protocol.LAYOUTS.items():
        title = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).upper()
        assert int(header[f"{title}_SIZE"]) == struct.calcsize(layout)
