"""A visitor's download: all or nothing of it on the disk, ended at any time, no more than was said.

The hub's library is a stand-in on the path of the process that downloads; nothing reaches a network.
"""

import pytest

from robust_core.zoo.own import hub_apart
from robust_core.zoo.own.hub import Listed

ABOUT = Listed("timm:tiny", "timm/tiny", 0.9, (32, 32), (0.5,) * 3, (0.5,) * 3)
SIZE = 3000
LIBRARY = """
import os, time
from pathlib import Path

def hf_hub_download(repository, file):
    place = Path(os.environ["HF_HUB_CACHE"], "models--" + repository.replace("/", "--"), "blobs")
    place.mkdir(parents=True, exist_ok=True)
    part = place / "x.incomplete"
    part.write_bytes(bytes({first}))
    {then}
    part.rename(place / file)
    return str(place / file)
"""


@pytest.fixture
def download(monkeypatch, tmp_path):
    """``download(first, then)``: a hub whose library writes ``first`` bytes and then does ``then``."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(hub_apart, "_home", lambda: cache)
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(hub_apart.tempfile, "tempdir", str(tmp_path))

    def go(first=SIZE, then="pass", *, keep=False, progress=lambda k, n: None):
        text = LIBRARY.format(first=first, then=then)
        (tmp_path / "huggingface_hub.py").write_text(text, encoding="utf-8")
        return hub_apart.fetched(ABOUT, SIZE, progress, keep=keep)

    def files():
        return [path.name for path in tmp_path.rglob("*") if path.name.startswith(("x.", "model"))]

    return go, files


def test_it_stays_where_the_command_line_finds_it_or_nowhere(download):
    go, files = download
    assert go() == bytes(SIZE)
    assert "model.safetensors" not in files()
    assert go(keep=True) == bytes(SIZE)
    assert "model.safetensors" in files()


@pytest.mark.parametrize("keep", [True, False])
def test_it_can_be_ended_and_leaves_nothing(download, keep):
    go, files = download

    def stop(come, size):
        assert size == SIZE
        if come:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(1000, "time.sleep(60)", keep=keep, progress=stop)
    assert "x.incomplete" not in files()
    assert go(keep=keep) == bytes(SIZE)  # and the next one comes


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (2 * 2**20, "time.sleep(60)", "has more: it was given up"),
        (SIZE - 1, "pass", "should have 3,000 bytes and has 2,999"),
        (0, "raise OSError('no such host')", r"could not be downloaded \(OSError: no such host\)"),
        (0, "os._exit(1)", "ended by itself"),
    ],
)
def test_what_goes_wrong_is_a_sentence(download, first, then, said):
    go, files = download
    with pytest.raises(ValueError, match=said):
        go(first, then)
    assert not [name for name in files() if name != "models--timm--tiny"]


def test_a_full_disk_is_said_first(download, monkeypatch):
    go, _ = download
    monkeypatch.setattr(hub_apart, "ENVELOPE", 2**60)
    with pytest.raises(ValueError, match="no room on the disk for timm:tiny"):
        go()
