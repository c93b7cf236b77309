"""Programs that are streamed at their control rate keep their return; late ticks are counted."""

from benchmarks.__main__ import main


def test_a_streamed_program_keeps_its_return_and_its_deadlines_are_counted(capsys):
    main(["stream", "reach", "--port", "emulator", "--episodes", "1"])
    row = [cell.strip() for cell in capsys.readouterr().out.splitlines()[2].split("|")[1:-1]]
    assert row[0] == "reach" and len(row) == 10
    assert float(row[3].removesuffix(" %")) >= 97.0
    ticks, missed, skipped = (int(cell.replace(",", "")) for cell in row[5:8])
    assert ticks > 0 and 0 <= missed <= skipped
