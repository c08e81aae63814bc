"""A data set that exists in this file alone trains, is evaluated and is on the pages."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from robust_core import data, zoo
from robust_core.__main__ import main
from robust_core.data import samples
from robust_core.training import export, recipes
from robust_core.zoo import loading
from tests.visiting import ran, text, visit

CLASSES = tuple(f"tile {i}" for i in range(12))
SIDE, COUNTS = 40, {"train": 240, "test": 60}


def read(split, root):
    """Noise, with one bright tile of 10x10 in one of twelve places, which is the class."""
    generator = torch.Generator().manual_seed(len(split))
    labels = torch.arange(COUNTS[split]) % len(CLASSES)
    shape = (COUNTS[split], 3, SIDE, SIDE)
    images = torch.randint(0, 160, shape, generator=generator, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = divmod(label, 4)
        image[:, 10 * row : 10 * row + 10, 10 * column : 10 * column + 10] += 90
    return images, labels


TILES = data.DataSet(
    name="tiles",
    title="Tiles",
    class_names=CLASSES,
    size=2 * (SIDE,),
    channels=3,
    splits=COUNTS,
    licence="CC0 1.0",
    credit="Made by a test",
    link="https://example.org/tiles",
    read=read,
    offered={3: None, 5: None},
)


class TilesCNN(nn.Sequential):
    def __init__(self):
        super().__init__(
            *(nn.Conv2d(3, 8, 5, stride=5), nn.ReLU(), nn.Flatten()),
            nn.Linear(8 * 8 * 8, len(CLASSES)),
        )


@pytest.fixture
def tiles(weights_folder, monkeypatch, tmp_path, capsys):
    """``tiles(*arguments)``: a command line after the three registrations; gives its JSON."""
    monkeypatch.setattr(export.install, "__defaults__", (weights_folder,))
    monkeypatch.setattr(recipes, "ABOUT", dict(recipes.ABOUT))
    monkeypatch.setattr(loading, "_loaded", dict(loading._loaded))  # which is to forget it
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main([*map(str, arguments), "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    with data.temporarily(), zoo.MODELS.temporarily(), recipes.RECIPES.temporarily():
        data.register(TILES)
        zoo.register(zoo.Spec("tiles-cnn", "tiles", TilesCNN, (0.4,) * 3, (0.2,) * 3))
        recipes.register(
            recipes.Recipe(model="tiles-cnn", data="tiles", epochs=6, peak_rate=0.05, batch=20),
            "twelve places, in a second",
        )
        yield run


@pytest.fixture
def trained(tiles):
    """The same, when its model is trained and installed."""
    entry = tiles("train", "tiles-cnn", "--device", "cpu", "--install")
    assert entry["data"] == "Tiles"
    assert entry["accuracy"] > 0.9
    return tiles


def test_it_is_listed_with_the_others(tiles):
    (row,) = [one for one in tiles("data", "list")["data"] if one["name"] == "tiles"]
    assert row["pictures"] == "40x40 RGB, 240 for training and 60 for testing"
    assert row["available"] is True
    assert "tiles" not in zoo.names()


def test_it_is_evaluated_and_attacked_from_the_command_line(trained):
    assert "tiles-cnn" in zoo.names()
    value = trained(
        *("evaluate", "--model", "tiles-cnn", "--attack", "fgsm", "--eps", 0.3),
        *("--data", "tiles", "--limit", 36, "--device", "cpu"),
    )
    assert (value["data"], value["n"]) == ("tiles", 36)
    assert value["rows"][0]["top1"] < value["clean_top1"]
    one = trained(
        *("attack", "sample:tiles-test-5", "--model", "tiles-cnn", "--attack", "fgsm"),
        *("--eps", 0.1),
    )
    assert one["before"]["label"] == "tile 5"


def test_a_detector_is_made_for_it(trained):
    entry = trained("train", "squeezing", "--model", "tiles-cnn", "--limit", 20, "--device", "cpu")
    assert (entry["data"], entry["n_test"]) == ("Tiles", 20)
    assert [one["adversary"] for one in entry["against"]] == ["fgsm", "bim", "deepfool"]
    small = ("--limit", 40, "--test-limit", 20, "--device", "cpu")
    entry = trained("train", "reconstruction", "--model", "tiles-cnn", *small)
    assert entry["recipe"]["model"] == "tiles-cnn"


def test_its_test_pictures_are_samples(tiles):
    offered = samples.catalogue("tiles")
    assert [sample.id for sample in offered] == ["tiles-test-3", "tiles-test-5"]
    assert offered[0].title == "Tiles test picture 3: tile 3"
    assert np.array_equal(offered[0].picture.pixels, TILES.load("test")[0][3].numpy())


def test_it_is_on_the_pages(trained):
    page = ran(visit(model="tiles-cnn"))
    assert not page.exception
    assert page.selectbox(key="model").value == "tiles-cnn"
    assert page.selectbox(key="picture_tiles").options == [
        "Tiles test picture 3: tile 3",
        "Tiles test picture 5: tile 5",
    ]
    assert "tile 3" in text(page)
    for name in ("compare_attacks", "compare_defenses", "detectors"):
        assert not ran(visit(f"pages/{name}.py", model="tiles-cnn")).exception
