"""``data``: where, list, download."""

import pytest

from robust_core.data import cifar10, download


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    return tmp_path


def test_where(command, folder):
    assert command("data", "where").out.strip() == str(folder)
    assert command("data", "where", "--json").json == {"folder": str(folder)}


def test_list_says_what_is_missing(command, folder):
    listed = {s["name"]: s for s in command("data", "list", "--json").json["data"]}
    assert listed["cifar10"]["available"] is False
    assert listed["digits"]["available"] is True
    assert "data download cifar10" in command("data", "list").out


def test_list_says_where_it_is(command, folder, monkeypatch):
    monkeypatch.setitem(vars(cifar10.RECORD), "find", lambda root: root / cifar10.FOLDER)
    assert str(folder / cifar10.FOLDER) in command("data", "list").out


def test_download_goes_where_it_is_told_and_shows_progress(command, monkeypatch, tmp_path):
    called = []

    def fake(record, root=None, *, progress=None):
        called.append((record.name, root))
        for done in (0, 40, 100):
            progress(done, 100)
        return tmp_path / "there"

    monkeypatch.setattr(download, "fetch", fake)
    ended = command("data", "download", "cifar10", "--folder", tmp_path, "--json")
    assert ended.json == {"data": "cifar10", "folder": str(tmp_path / "there")}
    assert called == [("cifar10", tmp_path)]
    assert "100" in ended.err


def test_trouble_is_one_line(command, monkeypatch):
    def fail(record, root=None, *, progress=None):
        raise download.DownloadError("The server cannot be reached. Try again.")

    monkeypatch.setattr(download, "fetch", fail)
    ended = command("data", "download", "cifar10")
    assert ended.status == 2
    assert ended.err.splitlines()[-1].endswith("The server cannot be reached. Try again.")


def test_only_what_can_be_downloaded(command):
    ended = command("data", "download", "imagenet")
    assert "must be one of cifar10, gtsrb, imagenette; got 'imagenet'" in ended.complaint
    assert command("data").status == 2
