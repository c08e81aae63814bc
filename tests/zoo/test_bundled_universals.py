"""Bundled perturbations and patches: listed, loaded, and refused where something is wrong."""

import json
import shutil

import pytest

from robust_core import paths, zoo
from robust_core.attacks import Universal


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the real folder, in its place."""
    copy = tmp_path / "universal"
    shutil.copytree(paths.UNIVERSAL, copy)
    monkeypatch.setattr(paths, "UNIVERSAL", copy)
    return copy


def edit(folder, name, **changes):
    index = json.loads((folder / "index.json").read_text())
    index[name] = {k: v for k, v in (index[name] | changes).items() if v is not None}
    (folder / "index.json").write_text(json.dumps(index))


def test_there_are_perturbations_and_patches():
    names = zoo.universals()
    assert names
    assert set(zoo.universals(kind="patch")) | set(zoo.universals(kind="perturbation")) == set(
        names
    )
    assert all(name.startswith("imagenette-resnet") for name in zoo.universals("imagenette-resnet"))
    for name in names:
        found = zoo.load_universal(name)
        assert isinstance(found, Universal)
        assert found.kind == ("patch" if name in zoo.universals(kind="patch") else "perturbation")
        assert (paths.UNIVERSAL / f"{name}.safetensors").stat().st_size < 200_000


def test_an_unknown_name_lists_the_known_ones(folder):
    with pytest.raises(
        ValueError, match=rf"^universal must be one of {zoo.universals()[0]}.*'zap'"
    ):
        zoo.load_universal("zap")
    shutil.rmtree(folder)
    assert zoo.universals() == []
    with pytest.raises(ValueError, match="none are bundled"):
        zoo.load_universal("zap")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"file": "../index.json"}, "only a file beside the index"),
        ({"file": "missing.safetensors"}, "cannot be read"),
        ({"sha256": None}, "lacks sha256"),
    ],
)
def test_a_damaged_bundle_names_the_remedy(folder, changes, said):
    name = zoo.universals()[0]
    edit(folder, name, **changes)
    with pytest.raises(zoo.ZooError, match=said) as found:
        zoo.load_universal(name)
    assert f"python -m robust_core train {name} --install" in str(found.value)


def test_a_file_of_another_kind_is_refused_even_where_its_checksum_fits(folder):
    name = zoo.universals()[0]
    weights = zoo.index()["digits-cnn"]
    shutil.copy(paths.WEIGHTS / weights["file"], folder)
    edit(folder, name, file=weights["file"], sha256=weights["sha256"])
    with pytest.raises(zoo.ZooError, match="holds no perturbation of ours"):
        zoo.load_universal(name)
