"""Tables and numbers for people."""

import ctypes
import json

import pytest

from robust_core.commands import output


def test_columns_are_in_line():
    text = output.table(["name", "n"], [["a", "1"], ["longer", "1234"]])
    assert text.splitlines() == ["name       n", "a          1", "longer  1234"]


def test_json_is_one_object_and_strict(capsys):
    output.emit({"a": [1, None]}, True, "text")
    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}
    with pytest.raises(ValueError, match="JSON"):
        output.emit({"a": float("nan")}, True, "text")
    output.emit({"a": 1}, False, "text")
    assert capsys.readouterr().out == "text\n"


def test_the_bar_keeps_off_stdout(capsys):
    with output.bar(3, "work", "step") as bar:
        bar.update(3)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "work" in printed.err


def test_what_a_library_in_c_prints_is_not_among_ours(capfd):
    libc = ctypes.CDLL(None)
    print("before")
    with output.only_ours():
        libc.puts(b"foreign")
    print("after")
    printed = capfd.readouterr()
    assert printed.out == "before\nafter\n"
    assert "foreign" in printed.err


def test_a_command_line_is_one_that_can_be_pasted():
    line = output.command_line(
        "train",
        "a b",
        eps=2 / 255,
        share=0.3,
        part=["x", "y"],
        paper_schedule=True,
        install=False,
        limit=None,
        step_size=1,
    )
    assert line == (
        "python -m robust_core train 'a b' --eps 2/255 --share 0.3 --part x y --paper-schedule "
        "--step-size 1"
    )


def test_ctrl_c_is_told_with_what_is_known_then():
    known = []

    def work():
        with output.stopping(lambda: f"{len(known)} done"):
            known.append(1)
            raise KeyboardInterrupt

    with pytest.raises(output.Stopped, match="1 done"):
        work()
