"""The card of a model in words."""

import json

import pytest

from robust_core import zoo
from robust_core.words.model_card import about, curve_in_words, curve_of, second_run

CURVE = [
    {"loss": 2.0, "rate": 0.02, "accuracy": 0.145},
    {"loss": 1.2, "rate": 0.1, "accuracy": 0.8},
    {"loss": 0.62, "rate": 0.0004, "accuracy": 0.859},
]
SECOND_RUN = {
    **{"curve": CURVE, "seed": 1, "command": "train it again", "accuracy": 0.859},
    **{"correct": 8590, "n_test": 10000},
}


def twice_trained() -> dict[str, dict]:
    """The index, with a second run of ``digits-cnn`` alone that has a curve."""
    entries = zoo.index()
    bare = {key: value for key, value in entries["digits-cnn"].items() if key != "curve"}
    return entries | {"digits-cnn": bare | {"second_run": SECOND_RUN}}


def test_a_bundled_network_has_its_data_its_command_and_its_count():
    said = " ".join(about(zoo.describe("cifar10-resnet32")))
    assert "32 x 32 RGB, 10 classes, bundled" in said
    assert "It knows airplane" in said
    assert "466,906 parameters, trained on CIFAR-10 for 40 epochs in 56 min" in said
    assert "`python -m robust_core train cifar10-resnet32`" in said
    assert "Right on 9,196 of 10,000 test pictures." in said


def test_what_chose_the_epoch_is_said(weights_folder):
    entries = zoo.index()
    held_out = {"accuracy_held_out": 0.9876, "n_held_out": 3930}
    entries["digits-cnn"] = entries["digits-cnn"] | held_out
    (weights_folder / "index.json").write_text(json.dumps(entries))
    assert about(zoo.describe("digits-cnn"))[-1] == (
        "The epoch was chosen by 3,930 training pictures that were held out: right on 98.8 % of them."
    )
    assert "held out" not in " ".join(about(zoo.describe("cifar10-resnet32")))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "imagenet-vgg16",
            "Right on 71.6 % of ImageNet's validation pictures, according to torchvision.",
        ),
        ("imagenet10-vgg16", "Of its 1,000 logits a selection layer keeps ten."),
    ],
)
def test_torchvision_s_networks_are_said_to_be_its(name, words):
    said = about(zoo.describe(name))
    assert said[-1] == words
    assert ("It knows tench" in " ".join(said)) == (name == "imagenet10-vgg16")
    assert curve_of(name) == []


def test_a_curve_is_kept_in_the_index_and_said_in_words(weights_folder):
    entries = zoo.index()
    assert curve_of("digits-cnn") == entries["digits-cnn"].get("curve", [])
    entries["digits-cnn"] = entries["digits-cnn"] | {"curve": CURVE}
    (weights_folder / "index.json").write_text(json.dumps(entries))
    assert curve_in_words(curve_of("digits-cnn")) == (
        "Learning curve over 3 epochs: loss from 2 to 0.62; accuracy from 14.5 % to 85.9 %; "
        "rate from 0.02 to 0.0004, at most 0.1."
    )
    unwatched = [{k: v for k, v in point.items() if k != "accuracy"} for point in CURVE]
    assert "accuracy" not in curve_in_words(unwatched)


def test_a_second_run_s_curve_is_said_to_be_one(weights_folder):
    entries = twice_trained()
    entries["digits-mlp"] |= {"second_run": SECOND_RUN}
    (weights_folder / "index.json").write_text(json.dumps(entries))
    assert curve_of("digits-cnn") == CURVE
    said = second_run("digits-cnn")
    assert "that of a second run of the same recipe, from seed 1 (`train it again`)" in said
    assert "8,590 of 10,000 test pictures right (85.9 %). The weights are the first run's." in said
    assert curve_of("digits-mlp") == entries["digits-mlp"]["curve"] != CURVE
    assert second_run("digits-mlp") == second_run("imagenet-vgg16") == ""


def test_a_damaged_index_costs_the_sentences_only(weights_folder):
    (weights_folder / "index.json").write_text("{")
    assert curve_of("digits-cnn") == []
    assert len(about(zoo.describe("digits-cnn"))) == 2
