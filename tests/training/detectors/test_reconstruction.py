"""The reconstruction detector's training: deterministic, resumable; its entry leads back to it."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from robust_core.attacks import FGSM, Noise
from robust_core.data import digits
from robust_core.detectors import METHODS, Reconstruction
from robust_core.training.detectors.reconstruction import (
    ReconstructionRecipe,
    ReconstructionTrainer,
    errors,
    export_reconstruction,
    name,
    train_reconstruction,
)
from robust_core.zoo.weights import fingerprint

ATTACKS = (FGSM(eps=0.2), Noise(eps=0.05, draws=1))


@pytest.fixture(scope="module")
def recipe(digits_model) -> ReconstructionRecipe:
    return ReconstructionRecipe(
        *("digits-cnn", fingerprint(digits_model)), code=4, width=4, limit=300, epochs=6, rate=5e-3
    )


@pytest.fixture(scope="module")
def train(digits_model, recipe, tmp_path_factory):
    """``train(seed=0, folder=None, **changes)``: from the first 300 training digits."""

    def run(seed=0, folder=None, **changes) -> ReconstructionTrainer:
        return train_reconstruction(
            *(digits_model, replace(recipe, **changes), digits.load("train")),
            folder=folder or tmp_path_factory.mktemp("run"),
            seed=seed,
            show=False,
        )

    return run


@pytest.fixture(scope="module")
def exported(train, opponents, measurement):
    data = digits.load("train")
    entry = export_reconstruction(train(), opponents(*ATTACKS), data, measurement)
    return measurement.folder, entry


def weights(trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in trainer.autoencoder.parameters()])


def test_the_seed_decides_and_nothing_else(train):
    before = torch.get_rng_state()
    first, same, other = train(), train(), train(seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(weights(first), weights(same))
    assert not torch.equal(weights(first), weights(other))


def test_it_goes_on_from_its_checkpoint(train, tmp_path, monkeypatch):
    epoch = ReconstructionTrainer.run_epoch

    def interrupted(trainer, data, *, show):
        if trainer.epoch == 2:
            raise KeyboardInterrupt
        epoch(trainer, data, show=show)

    with monkeypatch.context() as patch:
        patch.setattr(ReconstructionTrainer, "run_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(folder=tmp_path)
    assert torch.equal(weights(train(folder=tmp_path)), weights(train()))
    with pytest.raises(ValueError, match="another recipe or seed"):
        train(seed=1, folder=tmp_path)


def test_training_lowers_the_error(train, exported, digits_model):
    """Also from bytes, which are as good as floats."""
    images, labels = digits.load("train")
    trainer = ReconstructionTrainer(digits_model, train().recipe, 0)
    step = [trainer.step(images[:300], labels[:300], 5e-3) for _ in range(30)]
    assert step[-1] < step[0] / 2
    pixels = (images[:300] * 255).round().to(torch.uint8)
    _, entry = exported
    detector = METHODS.get("reconstruction").from_entry(
        digits_model, load_file(exported[0] / entry["file"]), entry
    )
    as_bytes = errors(detector, (pixels, labels[:300]))
    torch.testing.assert_close(
        as_bytes, errors(detector, (images[:300], labels[:300])), atol=0.01, rtol=0
    )


def test_a_margin_keeps_other_classes_away(train, digits_model):
    data = digits.load("test")

    def apart(margin: float) -> float:
        network = train(margin=margin, epochs=20).autoencoder
        detector = Reconstruction(digits_model, network, scale=0.1)
        wrong = torch.stack([errors(detector, data, shift) for shift in range(1, 10)])
        return (wrong.mean() - errors(detector, data).mean()).item()

    assert apart(0.2) > 1.5 * apart(0.0) > 0


def test_the_entry_says_everything_and_leads_to_the_detector(exported, recipe, digits_model):
    folder, entry = exported
    assert name(recipe) == "digits-cnn-reconstruction"
    content = (folder / entry["file"]).read_bytes()
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert (entry["kind"], entry["method"]) == ("detector", "reconstruction")
    assert (entry["point"], entry["adversary"], entry["eps"]) == (None, None, None)
    assert (entry["n"], entry["n_test"], entry["n_calibration"]) == (300, 80, 100)
    written = json.loads((folder / "entry.json").read_text())[name(recipe)]
    assert written == json.loads(json.dumps(entry))
    tensors = load_file(folder / entry["file"])
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    detector = METHODS.get("reconstruction").from_entry(digits_model, tensors, written)
    assert detector.scale == entry["scale"]
    images, labels = (part[:300] for part in digits.load("train"))
    assert (errors(detector, (images, labels)) > entry["scale"]).sum() == 15  # 5 %


def test_the_threshold_keeps_to_the_rate_and_the_figures_are_the_detectors(
    exported, digits_model, digits_test
):
    folder, entry = exported
    tensors = load_file(folder / entry["file"])
    detector = METHODS.get("reconstruction").from_entry(digits_model, tensors, entry)
    images, labels = digits_test
    assert detector.flags(images[-100:]).sum() == 5
    flags = detector.flags(images[:80]).double().mean().item()
    assert entry["at_threshold"]["false_positives"] == flags
    fgsm, noise = entry["against"]
    assert (fgsm["adversary"], noise["adversary"]) == ("fgsm", "noise")
    own = detector.error(images[:80], labels[:80]).mean().item()
    assert entry["errors"]["own"] == pytest.approx(own, rel=1e-4)
    wrong = [detector.error(images[:80], (labels[:80] + k) % 10).mean() for k in range(1, 10)]
    assert entry["errors"]["wrong"] == pytest.approx(sum(wrong).item() / 9, rel=1e-4)
    assert entry["errors"]["own"] < entry["errors"]["wrong"]
