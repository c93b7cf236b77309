"""What the firmware is made of: no allocation, no recursion, small frames, and small enough for small boards."""

import re
import shutil
import subprocess

import pytest

from neurobot.link.protocol import TickFlag
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


MISTAKES = {
    "core/neuron.c": [
        ("v <= c->threshold[j]", "v < c->threshold[j]"),
        ("c->wait[j] = c->t_ref[j]", "c->wait[j] = (uint16_t)(c->t_ref[j] + 1u)"),
        ("nb_clamp(v - nb_scaled(v, c->leak_v[j])", "(int32_t)(v - nb_scaled(v, c->leak_v[j])"),
        ("+ d + c->bias[j]", "+ d"),
        ("c->s[j] = x;", "c->s[j] = c->i[j];"),
    ],
    "core/deliver.c": [
        ("turn->step - row[NB_DELAY]", "turn->step - row[NB_DELAY] - 1u"),
        ("sum > NB_DRIVE_BOUND ? NB_DRIVE_BOUND : sum", "sum"),
        ("2u * n_pre * turn->substep", "0u"),
        ("row[NB_LEARNT_AT] ? 2 : 1", "1"),
    ],
    "core/plasticity.c": [
        ("w[c] * 65536 + NB_ONE", "w[c] * 65536"),
        ("r > NB_REWARD_BOUND ? NB_REWARD_BOUND : ", ""),
        ("memory[1] ? r - memory[0] : 0", "r - memory[0]"),
        ("ends || *(const", "1 || *(const"),
        ("((int64_t)1 << (rule->gain_shift - 1u))", "0"),
        ("w > rule->high ? rule->high : w", "w"),
        ("w < rule->low ? rule->low : w", "w"),
        ("    if (!ends) {", "    if (1) {"),
        ("(a * share + (NB_ONE >> 1)) >> 15", "(a * share) >> 15"),
        ("l->rule->e_shift), -NB_BOUND, NB_BOUND)", "l->rule->e_shift), INT32_MIN, INT32_MAX)"),
        ("sum > INT32_MAX ? INT32_MAX : sum", "sum"),
        ("-NB_ONE, NB_ONE - 1", "INT32_MIN, NB_ONE - 1"),
        ("nearest ? up : ", ""),
        ("u -= l->mean[j] >> 15;", ";"),
        ("turn->step - l.delivery[NB_DELAY]", "turn->step"),
        ("memset(l.d, 0, 4u * l.n_post);", ";"),
    ],
    "core/core.c": [
        ("if (input->forget) {", "if (0) {"),
        ("reward(core, input, 1);", ";"),
        ("*decided = found ? turn->substep + 1u : 0u", "*decided = 0u"),
        ("init[j] + ((((int64_t)v[j] - init[j]) * factor) >> 16)", "((v[j] * factor) >> 16)"),
    ],
    "core/decode.c": [
        ("total > most", "total >= most"),
        ("(table[k + 1] - table[k]) * f) >> 11", "(table[k + 1] - table[k]) * f) >> 12"),
        ("out->slew != NB_NO_SLEW", "0"),
    ],
    "core/image.h": [("x > NB_BOUND ? NB_BOUND :", "x > NB_BOUND ? NB_BOUND - 1 :")],
}


@pytest.mark.parametrize(("file", "right", "wrong"), [(f, *pair) for f, pairs in MISTAKES.items() for pair in pairs])
def test_a_mistake_planted_in_the_core_is_found_by_the_vectors(tmp_path, file, right, wrong):
    import ctypes

    from neurobot.board.conform import recorded
    from neurobot.core.image import Image
    from tests.firmware.native import NativeCore

    need("gcc")
    for part in ("core", "link"):
        shutil.copytree(FIRMWARE / part, tmp_path / part)
    source = (tmp_path / file).read_text()
    assert source.count(right) == 1
    (tmp_path / file).write_text(source.replace(right, wrong))
    files = [*(tmp_path / "core").glob("*.c"), *(tmp_path / "link").glob("*.c")]
    include = [f"-I{tmp_path / part}" for part in ("core", "link")]
    run(["gcc", "-std=c99", "-w", "-O1", *include, "-fPIC", "-shared", "-o", tmp_path / "wrong.so", *files], tmp_path)
    library = ctypes.CDLL(str(tmp_path / "wrong.so"))
    library.nb_core_load.restype = library.nb_core_tick.restype = library.nb_core_digest.restype = ctypes.c_uint32
    library.nb_core_actions.restype = ctypes.POINTER(ctypes.c_int16)
    assert not all(repeats(NativeCore(library, Image.of(v.image).ram_bytes), v) for v in recorded())


def repeats(core, vector):
    if core.load(vector.image) != 0:
        return False
    for tick in vector.ticks:
        learn, forget = bool(tick.flags & TickFlag.LEARN), bool(tick.flags & TickFlag.FORGET)
        refused = core.tick(tick.kind, tick.data, tick.reward, learn=learn, forget=forget, n_sub=tick.steps)
        if refused or core.actions() != list(tick.actions):
            return False
        if core.digest()[1] != tick.digest:
            return False
    return True
