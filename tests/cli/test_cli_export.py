"""`neurobot export`."""


def test_a_quantized_program_becomes_a_folder_of_c(command, launch, tmp_path):
    command("quantize", launch(), "--episodes", "0", "--calibration", "1", "--out", "q.safetensors")
    result = command("export", "q.safetensors", "--c", "board")
    assert result.code == 0
    assert "files in board: " in result.out and " bytes of flash, " in result.out
    assert "compile it: cc -std=c99 -O2 board/*.c -o controller" in result.out
    assert "main.c was there" not in result.out
    assert (tmp_path / "board/program.h").read_text().startswith("/* q.safetensors, made by `neurobot export`.")
    assert "main.c was there and is as it was" in command("export", "q.safetensors", "--c", "board").out


def test_a_program_that_was_not_quantized_is_refused(command, launch):
    command("run", launch(), "--out", "r", "--json")
    result = command("export", "r/program.safetensors", "--c", "board")
    assert result.code != 0
    assert "make one with: neurobot quantize r/program.safetensors --out program_fixed.safetensors" in result.err
    assert result.err.startswith("error: r/program.safetensors: the program has no image for fixed point; ")


def test_what_is_no_file_is_refused(command):
    result = command("export", "cartpole", "--c", "board")
    assert result.code != 0
    assert "cartpole is no file: give a program (.safetensors) that `neurobot quantize" in result.err
