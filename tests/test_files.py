"""Files are written whole or not at all, and nobody writes around that."""

import ast
import json
import multiprocessing
import os
from pathlib import Path

import pytest

from robust_core import files
from tests.processes import at_once

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


def test_each_write_has_a_name_of_its_own(tmp_path):
    """Threads share a process number, and so may containers."""
    with files.replacing(tmp_path / "file") as one, files.replacing(tmp_path / "file") as two:
        one.write(b"one")
        two.write(b"two")
    assert (tmp_path / "file").read_bytes() == b"one"  # the outer one ends last
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_is_one_sentence(tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # Python ignores the signal for it
    try:
        files.write_bytes(tmp_path / "small", bytes(100))
        with pytest.raises(OSError, match="no room for large") as told:
            files.write_bytes(tmp_path / "large", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(told.value).startswith("There is no room for large in")
    assert os.listdir(tmp_path) == ["small"]


def test_a_lock_is_waited_for_or_refused_with_a_sentence(tmp_path):
    lock = tmp_path / "new" / "a.lock"
    second = files.locked(lock, "taken already")
    with files.locked(lock, "busy"), pytest.raises(files.Locked, match="taken already"), second:
        pass
    with files.locked(lock, "busy"):
        pass


def test_processes_hold_a_lock_one_after_another(tmp_path):
    """Each reads a number and writes the next one: without the lock most of them are lost."""
    path = tmp_path / "number"
    path.write_text("0")

    def count(times: int) -> None:
        for _ in range(times):
            with files.locked(tmp_path / "lock"):
                number = int(path.read_text())
                path.write_text(str(number + 1))

    assert at_once(count, *[30] * 4) == [None] * 4
    assert path.read_text() == "120"


def test_a_process_that_is_killed_leaves_no_lock(tmp_path):
    def die(_: int) -> None:
        with files.locked(tmp_path / "lock"):
            os.kill(os.getpid(), 9)

    context = multiprocessing.get_context("fork")
    process = context.Process(target=die, args=(0,))
    process.start()
    process.join(60)
    with files.locked(tmp_path / "lock", "still held"):
        pass


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


HASHED = {
    *(
        "engine/keys.py",
        "training/checkpoint.py",
        "training/detectors/crafted.py",
        "data/pixels.py",
    ),
    *("commands/defense_table/make.py", "commands/detector_tables/files.py"),
    *(f"commands/evaluation/{suite}.py" for suite in ("kept_rows", "transfer")),
    "dashboard/detectors/scores.py",
    # What the processes of one command tell each other, and the name of their work folder.
    *("processes.py", "evaluation/passes.py", "commands/evaluation/work.py"),
    # What the reader of a stranger's model and the downloader, processes of their own, hear and answer.
    *(f"zoo/own/{name}.py" for name in ("apart", "child", "graph", "hub_apart", "hub_child")),
}
"""Modules whose own JSON is hashed or compared in the same process, and never kept or shown."""


def test_all_json_that_leaves_is_written_in_one_place():
    """``json`` itself writes NaN and Infinity, which are not JSON."""
    found = set()
    for path in CORE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if {"json.dump", "json.dumps"} & calls:
            found.add(path.relative_to(CORE).as_posix())
    assert found == HASHED | {"files.py"}
    for value in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            files.json_text({"a": [value]})
    assert json.loads(files.json_text({"a": [1.5, None]})) == {"a": [1.5, None]}


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


def test_a_file_in_a_sub_folder_counts_for_its_content_and_its_place(tmp_path):
    inner = tmp_path / "one" / "inner"
    inner.mkdir(parents=True)
    (inner / "a.py").write_text("x = 1\n")
    hashes = {files.hash_of_code(tmp_path)}
    (inner / "a.py").write_text("x = 2\n")
    hashes.add(files.hash_of_code(tmp_path))
    inner.rename(tmp_path / "two")
    hashes.add(files.hash_of_code(tmp_path))
    assert len(hashes) == 3
    (tmp_path / "two" / "a.pyc").write_bytes(b"compiled")
    assert files.hash_of_code(tmp_path) in hashes
