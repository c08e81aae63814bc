"""Files are written whole or not at all, and nobody writes around that."""

import ast
import json
import os
from pathlib import Path

import pytest

from robust_core import files

CORE = Path(files.__file__).parent


def test_the_new_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "new" / "folder" / "file.bin"
    files.write_bytes(path, b"old")
    files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file.bin"]


def test_a_text_keeps_its_line_ends_and_letters(tmp_path):
    files.write_text(tmp_path / "a.txt", "é\n\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\n\r\n".encode()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "file.json"
    files.write_json(path, {"a": 1})

    def interrupted():
        with files.replacing(path) as file:
            file.write(b"half of it")
            assert json.loads(path.read_text()) == {"a": 1}
            raise error

    with pytest.raises(error):
        interrupted()
    assert json.loads(path.read_text()) == {"a": 1}
    assert os.listdir(tmp_path) == ["file.json"]


def test_the_content_is_on_the_disk_before_it_has_the_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("sync"), sync(file)))
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("replace"), replace(a, b)))
    files.write_bytes(tmp_path / "file", b"content")
    assert done == ["sync", "replace"]


def test_a_number_that_json_cannot_say_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_files_passes_and_is_not_made(tmp_path):
    files.check_writable(tmp_path / "new" / "folder", "do something else")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_no_files_is_one_sentence_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ValueError, match=r"file.new cannot be written to \(.+\): go elsewhere$"):
        files.check_writable(tmp_path / "file" / "new", "go elsewhere")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere"
)
def test_a_folder_of_others_takes_no_files(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(ValueError, match="Permission denied"):
        files.check_writable(tmp_path / "new", "go elsewhere")


def writes_around(source: str) -> list[str]:
    """Calls that write a file in place, or put one in another's place by themselves."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [ast.unparse(call) for call in calls]
    return [
        name
        for name in names
        if name == "os.replace"
        or (name.endswith((".write_text", ".write_bytes")) and not name.startswith("files."))
    ]


def test_the_core_writes_whole_files_only():
    assert writes_around("path.write_text('x')\nos.replace(a, b)") == [
        "path.write_text",
        "os.replace",
    ]
    assert not writes_around("files.write_text(path, 'x')")
    around = {
        path.relative_to(CORE).as_posix()
        for path in CORE.rglob("*.py")
        if writes_around(path.read_text(encoding="utf-8"))
    }
    # A download grows in place, so that it can go on, and puts a whole folder in its place at the end.
    assert around == {"files.py", "data/download.py"}
