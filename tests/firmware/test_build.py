"""What the firmware is made of: no allocation, no recursion, small frames, and small enough for small boards."""

import re
import shutil
import subprocess

import pytest

from tests.firmware.native import FIRMWARE, SOURCES, need, run
from tests.link.test_firmware import cycle

ARM = "arm-none-eabi-"
FLAGS = [
    "-std=c99", "-Os", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-mthumb",
    "-fstack-usage", "-ffunction-sections", f"-I{FIRMWARE / 'core'}", f"-I{FIRMWARE / 'link'}",
]  # fmt: skip
MEMORY = {"memcpy", "memset", "memcmp", "memmove"}
OURS = re.compile(r"nb_\w+|\w+\.isra\.\d+|\w+\.part\.\d+")


@pytest.fixture(params=["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7"])
def objects(request, tmp_path):
    need(f"{ARM}gcc")
    ports = [FIRMWARE / "ports/firmware.c"]
    run([f"{ARM}gcc", *FLAGS, f"-mcpu={request.param}", "-c", *SOURCES, *ports], tmp_path)
    return tmp_path


def test_nothing_is_used_of_the_c_library_but_memory(objects):
    listed = run([f"{ARM}nm", "-u", *objects.glob("*.o")], objects)
    outside = {name for name in re.findall(r"U (\w+)", listed) if not name.startswith(("nb_", "port_", "__aeabi_"))}
    assert outside <= MEMORY | {"__gnu_thumb1_case_uqi", "__gnu_thumb1_case_sqi", "__gnu_thumb1_case_uhi"}


def test_no_function_takes_512_bytes_of_stack(objects):
    frames = {}
    for path in objects.glob("*.su"):
        for line in path.read_text().splitlines():
            name, size, how = line.split("\t")
            assert how == "static", line
            frames[name.rpartition(":")[2]] = int(size)
    assert len(frames) >= 50
    assert max(frames.values()) < 512, frames


def test_no_function_calls_itself_in_whatever_way():
    source = "".join(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S) for path in SOURCES)
    bodies = dict(re.findall(r"^[\w *]*?\b(\w+)\([^;{]*\) \{( [^\n]*|\n.*?^)\}$", source, flags=re.S | re.M))
    graph = {name: {other for other in bodies if re.search(rf"\b{other}\(", body)} for name, body in bodies.items()}
    assert "nb_deliver" in graph["run_step"]
    assert cycle(graph) is None


def made(tmp_path, *targets):
    need("make", f"{ARM}gcc")
    return run(["make", "-s", "-C", FIRMWARE, f"BUILD={tmp_path / 'build'}", *targets], tmp_path)


def test_code_and_fixed_memory_of_a_cortex_m3_stay_within_their_limits(tmp_path):
    text, ram = map(int, re.search(r"text (\d+) of 12288 .* memory (\d+) of 8192", made(tmp_path, "size")).groups())
    assert 4000 < text <= 12288
    assert 1000 < ram <= 8192


def test_a_build_that_is_too_large_fails(tmp_path):
    need("make", f"{ARM}gcc")
    command = ["make", "-s", "-C", FIRMWARE, f"BUILD={tmp_path / 'build'}", "size", "MOST_TEXT=4000"]
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_every_target_of_the_makefile_builds(tmp_path):
    made(tmp_path, "m4", "m7", "m0")
    assert {p.name for p in (tmp_path / "build").glob("*.elf")} == {"m0.elf", "m4.elf", "m7.elf"}
    listed = run([f"{ARM}nm", tmp_path / "build/m4.elf"], tmp_path)
    assert not re.search(r"\b(malloc|_sbrk|printf)\b", listed)


def test_a_checkout_builds_the_library_and_the_process_where_it_is(tmp_path):
    need("make", "gcc")
    shutil.copytree(FIRMWARE, tmp_path / "firmware", ignore=shutil.ignore_patterns("build"))
    run(["make", "-s", "-C", tmp_path / "firmware", "build/libneurobot.a", "posix"], tmp_path)
    assert (tmp_path / "firmware/build/neurobot-board").is_file()
    assert (tmp_path / "firmware/build/libneurobot.a").stat().st_size > 1000
