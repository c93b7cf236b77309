"""Makes firmware/link/protocol.h and neurobot/link/protocol.py of firmware/protocol.toml.

    python firmware/tools/protocol.py          writes both
    python firmware/tools/protocol.py --check  says whether both are what the table says

Both are checked in, so that neither building firmware nor installing the package runs this; a test compares.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parents[1]
TABLE = FIRMWARE / "protocol.toml"
HEADER = FIRMWARE / "link" / "protocol.h"
MODULE = FIRMWARE.parent / "neurobot" / "link" / "protocol.py"
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i16": 2, "i32": 4, "bytes": 0}
CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i16": "h", "i32": "i", "bytes": ""}

Table = dict[str, Any]


def read(path: Path = TABLE) -> Table:
    """The table, checked.

    Args:
        path: the TOML file.

    Returns:
        What it says.

    Raises:
        ValueError: a field of an unknown type, `bytes` before the last field, or an id that is used twice.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    ids = [message["id"] for message in table["messages"].values()]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{path}: an id is used twice: {sorted(ids)}")
    for title, fields in layouts(table):
        for k, (name, kind) in enumerate(fields):
            if kind not in SIZES or (kind == "bytes" and k + 1 < len(fields)):
                raise ValueError(f"{path}: {title}.{name} is {kind}; known: {', '.join(SIZES)}, bytes only at the end")
    return table


def layouts(table: Table) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each payload's name, such as HELLO_REQUEST, and its fields as (name, type)."""
    for name, message in table["messages"].items():
        for side in ("request", "reply"):
            if side in message:
                title = name if "request" not in message else f"{name}_{side.upper()}"
                pairs = [tuple(field.split()) for field in message[side]]
                yield title, [(field, kind) for field, kind in pairs]


def fingerprint(table: Table) -> int:
    """CRC-32 of what both sides must agree on: the table as canonical JSON, without the sentences."""
    agreed = {key: value for key, value in table.items() if key not in ("enums", "flags", "messages")}
    for part in ("enums", "flags", "messages"):
        agreed[part] = {
            name: {key: value for key, value in entry.items() if key != "about"} for name, entry in table[part].items()
        }
    return zlib.crc32(json.dumps(agreed, sort_keys=True, separators=(",", ":")).encode())


def _constants(table: Table) -> list[tuple[str, int]]:
    """The numbers that stand alone."""
    numbers = [("MAJOR", table["major"]), ("MINOR", table["minor"])]
    return numbers + [(key.upper(), value) for key, value in table["limits"].items()]


def _members(entry: Table) -> list[tuple[str, int]]:
    return [(key, value) for key, value in entry.items() if key != "about"]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def header(table: Table) -> str:
    """The C header: ids, codes, and where each field of a payload lies."""
    lines = [
        "/* Made of firmware/protocol.toml by firmware/tools/protocol.py: change that. */",
        "#ifndef NB_PROTOCOL_H",
        "#define NB_PROTOCOL_H",
        "",
        f"#define NB_FINGERPRINT 0x{fingerprint(table):08X}u /* of the table; HELLO tells it */",
    ]
    lines += [f"#define NB_{name} {value}u" for name, value in _constants(table)]
    lines += ["", "/* Types of messages; an answer is the request's | NB_ANSWER. */", "#define NB_ANSWER 0x80u"]
    lines += [f"#define NB_{name} 0x{message['id']:02X}u" for name, message in table["messages"].items()]
    for part in ("enums", "flags"):
        for name, entry in table[part].items():
            lines += ["", f"/* {entry['about']} */"]
            lines += [f"#define NB_{_snake(name)}_{key} {value}u" for key, value in _members(entry)]
    lines += ["", "/* Offsets of the fields of each payload, and its size without a last field of bytes. */"]
    for title, fields in layouts(table):
        at = 0
        for name, kind in fields:
            lines.append(f"#define NB_{title}_{name.upper()} {at}u /* {kind} */")
            at += SIZES[kind]
        lines.append(f"#define NB_{title}_SIZE {at}u")
    return "\n".join([*lines, "", "#endif", ""])


def _class_name(title: str) -> str:
    words = title.split("_")
    return "".join(word.capitalize() for word in words)


def _message_class(title: str, about: str, fields: list[tuple[str, str]]) -> list[str]:
    lines = ["", "", f"class {_class_name(title)}(NamedTuple):", f'    """{about}"""']
    lines += ["", *(f"    {name}: {'bytes' if kind == 'bytes' else 'int'}" for name, kind in fields)] if fields else []
    return lines


def _sentence(title: str, about: str) -> str:
    return f"Answer to {title.removesuffix('_REPLY')}." if title.endswith("_REPLY") else about


def module(table: Table) -> str:
    """The Python module: numbers, enumerations, a tuple a payload, and their layouts."""
    lines = [
        '"""Made of firmware/protocol.toml by firmware/tools/protocol.py: change that."""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntEnum, IntFlag",
        "from typing import NamedTuple",
        "",
        f"FINGERPRINT = 0x{fingerprint(table):08X}",
        '"""CRC-32 of the table; HELLO tells it."""',
        *(f"{name} = {value}" for name, value in _constants(table)),
        "ANSWER = 0x80",
        '"""The type of an answer is that of the request | ANSWER."""',
    ]
    for part, base in (("enums", "IntEnum"), ("flags", "IntFlag")):
        for name, entry in table[part].items():
            lines += ["", "", f"class {name}({base}):", f'    """{entry["about"]}"""', ""]
            lines += [f"    {key} = {value}" for key, value in _members(entry)]
    lines += ["", "", "class Type(IntEnum):", '    """Types of messages."""', ""]
    lines += [f"    {name} = 0x{message['id']:02X}" for name, message in table["messages"].items()]
    about = {name: message["about"] for name, message in table["messages"].items()}
    known, layout = dict(layouts(table)), []
    for title, fields in known.items():
        name = title.removesuffix("_REQUEST").removesuffix("_REPLY")
        lines += _message_class(title, _sentence(title, about[name]), fields)
        kind = f"Type.{name} | ANSWER" if title.endswith("_REPLY") else f"Type.{name}"
        code = "<" + "".join(CODES[kind] for _, kind in fields)
        layout.append(f'    {_class_name(title)}: ({kind}, "{code}"),')
    lines += ["", "", "LAYOUTS: dict[type[tuple[int | bytes, ...]], tuple[int, str]] = {", *layout, "}"]
    lines += ['"""The type of each payload and its `struct` format; a last field of bytes is what follows that."""', ""]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write both files, or with --check compare them; returns the exit code."""
    table = read()
    wanted = {HEADER: header(table), MODULE: module(table)}
    if arguments == ["--check"]:
        stale = [str(path) for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        print(f"not what the table says: {', '.join(stale)}" if stale else "both are what the table says")
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
