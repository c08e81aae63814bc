"""Bundled posters and perturbations alike: refused, with the remedy, where something is wrong."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from robust_core import paths, zoo


@dataclass
class Bundle:
    """One kind of them: its word in sentences, what lists and loads it, and what it says of other files."""

    word: str
    names: Callable[[], list[str]]
    load: Callable[[str], object]
    misfit: str
    folder: Path

    def edit(self, name: str, **changes) -> None:
        """Change an entry of the index; a key that is None goes."""
        path = self.folder / "index.json"
        index = json.loads(path.read_text())
        index[name] = {k: v for k, v in (index[name] | changes).items() if v is not None}
        path.write_text(json.dumps(index))


POSTERS = ("POSTERS", "poster", zoo.posters, zoo.load_poster, "must hold")
UNIVERSALS = (
    *("UNIVERSAL", "universal", zoo.universals, zoo.load_universal),
    "holds no perturbation of ours",
)


@pytest.fixture(params=[POSTERS, UNIVERSALS], ids=["posters", "universals"])
def bundle(request, tmp_path, monkeypatch):
    """A copy of the real folder, in its place."""
    where, *kind = request.param
    copy = tmp_path / "copy"
    shutil.copytree(getattr(paths, where), copy)
    monkeypatch.setattr(paths, where, copy)
    return Bundle(*kind, copy)


def test_an_unknown_name_lists_the_known_ones(bundle):
    known = bundle.names()[0]
    with pytest.raises(ValueError, match=rf"^{bundle.word} must be one of {known}.*'zap'"):
        bundle.load("zap")
    shutil.rmtree(bundle.folder)
    assert bundle.names() == []
    with pytest.raises(ValueError, match="none are bundled"):
        bundle.load("zap")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"file": "../index.json"}, "only a file beside the index"),
        ({"file": "missing.safetensors"}, "cannot be read"),
        ({"sha256": None}, "lacks sha256"),
    ],
)
def test_a_damaged_bundle_names_the_remedy(bundle, changes, said):
    name = bundle.names()[0]
    bundle.edit(name, **changes)
    with pytest.raises(zoo.ZooError, match=said) as found:
        bundle.load(name)
    assert f"python -m robust_core train {name} --install" in str(found.value)


def test_a_file_of_another_kind_is_refused_even_where_its_checksum_fits(bundle):
    name = bundle.names()[0]
    weights = zoo.index()["digits-cnn"]
    shutil.copy(paths.WEIGHTS / weights["file"], bundle.folder)
    bundle.edit(name, file=weights["file"], sha256=weights["sha256"])
    with pytest.raises(zoo.ZooError, match=bundle.misfit):
        bundle.load(name)


@pytest.mark.parametrize("bundle", [POSTERS], indirect=True)
@pytest.mark.parametrize("sign", ["zap", 3])
def test_a_sign_that_is_not_drawn_is_refused(bundle, sign):
    name = bundle.names()[0]
    bundle.edit(name, sign=sign)
    with pytest.raises(zoo.ZooError):
        bundle.load(name)
