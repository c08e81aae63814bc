"""Bundled perturbations and patches: listed and loaded."""

from robust_core import paths, zoo
from robust_core.attacks import Universal


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
