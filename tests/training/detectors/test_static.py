"""Static training of a detector: resumable, learning, and of no consequence for the classifier."""

import hashlib
import json
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import load_file

from robust_core import zoo
from robust_core.attacks import BIM
from robust_core.detectors import Subnetwork
from robust_core.detectors.measure import answers
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.training.detectors.crafted import Originals, craft
from robust_core.training.detectors.export import export_detector
from robust_core.training.detectors.measurement import batches
from robust_core.training.detectors.static import (
    DetectorTrainer,
    StaticTrainer,
    name,
    train_detector,
)
from robust_core.training.export import install
from robust_core.training.recipes import DetectorRecipe

ATTACK = BIM(eps=0.1, steps=1)
GENERATOR = torch.Generator().manual_seed(0)
COARSE = torch.rand(12, 3, 4, 4, generator=GENERATOR)
IMAGES = torch.nn.functional.interpolate(COARSE, 32, mode="bilinear").clamp(0.2, 0.8)
"""Smooth pictures, away from the box: a sign pattern on them shows."""


@pytest.fixture(scope="module")
def classifier():
    return zoo.load("cifar10-resnet32", "cpu")


@pytest.fixture(scope="module")
def recipe(recipe_for) -> DetectorRecipe:
    return recipe_for("bim", asdict(ATTACK), epochs=3)


@pytest.fixture
def run(classifier, recipe, cache, tmp_path):
    """``run(folder, epochs=..., ...)``: train on the twelve pictures."""

    def go(folder="run", adversary=ATTACK, seed=0, where=cache, **changes) -> DetectorTrainer:
        return train_detector(
            *(classifier, adversary, replace(recipe, **changes), IMAGES),
            folder=tmp_path / folder,
            cache=where,
            seed=seed,
            show=False,
        )

    return go


def weights(trainer: DetectorTrainer) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in trainer.subnetwork.state_dict().items()}


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("at", [3, 12])
def test_resumed_training_gives_bit_equal_weights(run, at, interrupt_at):
    straight = weights(run("straight"))
    with interrupt_at(DetectorTrainer, at), pytest.raises(KeyboardInterrupt):
        run("resumed")
    torch.manual_seed(99)  # the global random state has no part in it
    resumed = run("resumed")
    assert resumed.epoch == 3
    assert same(straight, weights(resumed))


def test_a_finished_training_is_not_repeated(run, interrupt_at, tmp_path):
    first = weights(run())
    with interrupt_at(DetectorTrainer, 0):
        assert same(first, weights(run(where=tmp_path / "nothing is looked up here")))


def test_the_seed_decides_and_the_global_generator_is_left_alone(run):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = weights(run("a", epochs=1))
    assert torch.get_rng_state().equal(before)
    assert same(first, weights(run("b", epochs=1)))
    assert not same(first, weights(run("c", epochs=1, seed=1)))


def test_another_recipe_or_classifier_does_not_go_on(run):
    run(epochs=1)
    for change in ({"epochs": 2}, {"point": "AD(3)"}, {"fingerprint": "another"}, {"limit": 6}):
        with pytest.raises(ValueError, match="another recipe or seed"):
            run(**({"epochs": 1} | change))


def test_the_classifier_is_bit_for_bit_what_it_was(run, classifier):
    state = {k: v.clone() for k, v in classifier.state_dict().items()}
    logits = classifier(IMAGES)
    trainer = run(epochs=1)
    trainer.result().score(IMAGES)
    assert same(state, dict(classifier.state_dict()))
    assert torch.equal(classifier(IMAGES), logits)
    assert not classifier.training
    assert all(p.grad is None and not p.requires_grad for p in classifier.parameters())


def test_each_epoch_sees_both_halves_once_in_an_order_of_its_own(run, monkeypatch):
    seen = []

    def record(self, activation, target):
        seen.extend(zip(activation.flatten(1).sum(1).tolist(), target.tolist(), strict=True))
        return 0.0

    monkeypatch.setattr(DetectorTrainer, "step", record)
    run(epochs=2)
    first, second = seen[:24], seen[24:]
    assert sorted(first) == sorted(second)
    assert first != second
    assert [target for _, target in first].count(1.0) == 12  # balanced


def test_adam_as_in_the_paper(classifier):
    recipe = DetectorRecipe(classifier.name, "", "AD(2)", "bim")
    (group,) = DetectorTrainer(classifier, recipe, 0).optimiser.param_groups
    assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-4, (0.99, 0.999), 0)
    assert (recipe.epochs, recipe.batch) == (20, 128)


def test_training_learns_and_the_limit_counts(run, classifier, recipe, cache):
    trainer = run(epochs=12, rate=1e-3, limit=10)
    assert trainer.n == 10
    labels = classifier(IMAGES).argmax(1)
    originals = Originals(classifier, IMAGES, labels, cache, what="test", show=False)
    crafted = craft(originals, ATTACK, recipe)
    found = answers(trainer.result(), batches(crafted, trainer.device), labels)
    assert ((found.adversarial > 0.5).sum() + (found.genuine <= 0.5).sum()) / 24 > 0.9


@pytest.fixture
def exported(run, classifier, cache, measurement, tmp_path):
    """A short training and its entry."""
    trainer = run(epochs=2, limit=9)
    labels = classifier(IMAGES).argmax(1)
    test = (IMAGES[:9], labels[:9])
    where = {"folder": tmp_path / "run", "cache": cache}
    smooth = replace(measurement, test=test, calibration=IMAGES[9:], **where)
    return trainer, export_detector(trainer, ATTACK, trainer.recipe, smooth), labels


def test_the_entry_says_everything_and_its_figures_are_those_of_the_file(
    exported, classifier, recipe, cache, tmp_path
):
    trainer, entry, labels = exported
    content = (tmp_path / "run" / entry["file"]).read_bytes()
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert (entry["kind"], entry["point"], entry["adversary"]) == ("detector", "AD(4)", "bim")
    assert (entry["eps"], entry["n"], entry["n_test"], entry["epochs"]) == (0.1, 9, 9, 2)
    assert (entry["command"], entry["seed"], entry["parameters"]) == ("the command", 0, 554_593)
    assert entry["recipe"] == asdict(trainer.recipe)
    assert json.loads((tmp_path / "run" / "entry.json").read_text()) == {
        "cifar10-resnet32-ad4-bim-0.1": json.loads(json.dumps(entry))
    }
    written = load_file(tmp_path / "run" / entry["file"])
    for key, value in trainer.subnetwork.state_dict().items():
        assert torch.equal(written[key], value.half() if value.is_floating_point() else value)
    subnetwork = build(ResNet32, "AD(4)")
    subnetwork.load_state_dict(written)
    detector = Subnetwork(classifier, subnetwork, point="AD(4)")
    originals = Originals(classifier, IMAGES[:9], labels[:9], cache, what="test", show=False)
    crafted = craft(originals, ATTACK, recipe)
    figures = answers(detector, batches(crafted, detector.device), labels[:9]).figures()
    assert figures == {key: entry[key] for key in figures}
    aside = detector.score(IMAGES[9:])
    assert (entry["n_calibration"], entry["false_positive_rate"]) == (3, 0.05)
    assert entry["threshold"] == pytest.approx(aside.max().item())  # 5 % of three are none
    assert entry["eight_bit"]["n_test"] == entry["at_threshold"]["n_test"] == 9


def test_installed_beside_the_classifiers(exported, recipe, tmp_path):
    _, entry, _ = exported
    install(tmp_path / "run", name(recipe), tmp_path / "weights")
    assert zoo.index(tmp_path / "weights")[name(recipe)]["sha256"] == entry["sha256"]


def test_names_tell_detectors_apart(recipe):
    assert name(recipe) == "cifar10-resnet32-ad4-bim-0.1"
    assert name(replace(recipe, point="AD(2)", parameters={"eps": 2 / 255})).endswith(
        "-ad2-bim-2-255"
    )
    free = replace(recipe, adversary="deepfool", parameters={"overshoot": 0.02})
    assert name(free) == "cifar10-resnet32-ad4-deepfool"


def test_a_classifier_without_attachment_points_is_refused(recipe, tmp_path, digits_model):
    with pytest.raises(ValueError, match="digits-cnn has no attachment points"):
        train_detector(digits_model, ATTACK, recipe, IMAGES, folder=tmp_path, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_average_of_the_weights_is_kept_and_resumed(recipe, resnet, tmp_path):
    """``d`` parts of the average so far and ``1 - d`` of the new weights, after each step."""
    recipe = replace(recipe, averaging=0.75)
    trainer = StaticTrainer(resnet, recipe, 0)
    weight, mean = trainer.subnetwork.last.weight, trainer.averaged.last.weight
    expected = weight.detach().clone()
    for _ in range(3):
        trainer.step(torch.rand(4, 64, 8, 8), torch.tensor([0.0, 1.0, 0.0, 1.0]))
        expected = 0.75 * expected + 0.25 * weight.detach()
    torch.testing.assert_close(mean, expected)
    assert not torch.equal(mean, weight)
    assert torch.equal(trainer.result().subnetwork.last.weight, mean)
    other = StaticTrainer(resnet, recipe, 0)
    other.restore(trainer.state())
    assert torch.equal(other.averaged.last.weight, mean)
    raw = StaticTrainer(resnet, replace(recipe, averaging=None), 0)
    assert raw.averaged is raw.subnetwork
