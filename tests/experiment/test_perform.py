"""One experiment: everything that is said about it agrees with the core."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from robust_core import attacks, zoo
from robust_core.classifier import Classifier
from robust_core.data import samples
from robust_core.data.fitting import as_saved, fit, to_pixels, to_tensor
from robust_core.defenses.base import Defense
from robust_core.evaluation.accuracy import evaluate
from robust_core.experiment.perform import perform
from robust_core.goals import ConfidenceReduction, LeastLikely, SourceTarget, Towards


class Scaled(nn.Module):
    """A network whose logits are multiplied."""

    def __init__(self, network: nn.Module, scale: float) -> None:
        super().__init__()
        self.network, self.scale = network, scale

    def forward(self, x):
        return self.scale * self.network(x)


def test_it_is_what_the_attack_gives(digits_model, digit):
    pixels, label = digit
    attack = attacks.PGD(eps=0.2, steps=7)
    outcome = perform(digits_model, pixels, attack, label=label)
    record = attack.run(digits_model, to_tensor(pixels), torch.tensor([label]))
    assert torch.equal(outcome.adversarial, record.x_adv)
    assert outcome.success_exact == record.success.item()
    assert outcome.linf == record.linf.item()
    assert (outcome.queries, outcome.gradients) == (7, 7)
    expected = digits_model.predict(as_saved(record.x_adv, to_tensor(pixels)))[0]
    assert [g.index for g in outcome.after] == [g.index for g in expected]
    assert sum(outcome.confidence_after) == pytest.approx(1)


def test_a_target_that_is_said_already_or_is_the_label_is_refused(digits_model, digit):
    pixels, label = digit
    answer = int(digits_model(to_tensor(pixels)).argmax())
    least = int(digits_model(to_tensor(pixels)).argmin())
    for goal, true, said in (
        (Towards(answer), (answer + 1) % 10, f"it says {answer} already"),
        (Towards(label), label, "another class than the picture's own"),
        (LeastLikely(), least, "the least likely class is the picture's own"),
    ):
        with pytest.raises(ValueError, match=said):
            perform(digits_model, pixels, attacks.FGSM(eps=0.1), label=true, goal=goal)


@pytest.mark.parametrize("name", ["bim", "fgsm", "pgd-l2", "deepfool", "cw-l2"])
def test_the_verdict_on_the_file_and_its_distances_are_those_of_its_pixels(
    digits_model, digit, name
):
    pixels, label = digit
    attack = attacks.get(name)
    bounded = attack.has_eps
    outcome = perform(
        digits_model, pixels, attack(**({"eps": 0.3} if bounded else {})), label=label
    )
    written = outcome.pixels()[1].numpy()
    answer = digits_model(to_tensor(written)).argmax().item()
    assert outcome.saved.success == (answer != label)
    moved = (written.astype(float) - pixels) / 255
    assert outcome.saved.linf == np.abs(moved).max()
    assert outcome.saved.l2 == pytest.approx(np.sqrt((moved**2).sum()), rel=1e-12)
    assert outcome.saved.l0 == (moved != 0).any(-1).sum()
    if bounded:  # judged by the file
        assert outcome.success == outcome.saved.success
        assert outcome.after[0].index == answer
        assert torch.equal(outcome.shown, to_tensor(written))
        assert outcome.judged is outcome.saved
    else:  # by the exact result
        exact = digits_model(outcome.adversarial).argmax().item()
        assert outcome.success == outcome.success_exact == (exact != label)
        assert outcome.after[0].index == exact
        assert outcome.judged is outcome
    described = outcome.summary()
    assert set(described["saved"]) == {"success", "l0", "l1", "l2", "linf", "tv"}
    assert described["success_8bit"] == described["saved"]["success"]


@pytest.mark.parametrize("eps", [0.01, 8 / 255, 0.1, 0.15, 0.5, 0.7])
@pytest.mark.parametrize("name", ["fgsm", "pgd", "pgd-l2", "noise"])
def test_what_is_shown_and_saved_stays_within_eps(digits_model, digit, name, eps):
    pixels, label = digit
    attack = attacks.create(name, eps=eps)
    outcome = perform(digits_model, pixels, attack, label=label)
    size = outcome.saved.l2 if attack.norm == "l2" else outcome.saved.linf
    assert size <= eps
    for frame in outcome.frames:
        moved = (frame.pixels.numpy().astype(float) - pixels) / 255
        assert (np.sqrt((moved**2).sum()) if attack.norm == "l2" else np.abs(moved).max()) <= eps


def test_fgsm_takes_all_the_whole_levels_that_eps_allows(digits_model, digit):
    """2.55 levels are 2, not 3; eight are 8, although float32 ends a hair below."""
    for eps, levels in ((0.01, 2), (0.1, 25), (8 / 255, 8)):
        outcome = perform(digits_model, digit[0], attacks.FGSM(eps=eps), label=digit[1])
        assert outcome.saved.linf == levels / 255
        inner = (outcome.pixels()[1].numpy().astype(int) - digit[0])[
            (digit[0] > 40) & (digit[0] < 215)
        ]
        assert set(np.abs(inner)) <= {0, levels}


def test_without_a_label_the_prediction_stands_in_and_is_named(digits_model, digit):
    outcome = perform(digits_model, digit[0], attacks.FGSM(eps=0.1))
    assert outcome.label.index == outcome.before[0].index
    assert "prediction" in outcome.label_source


def test_targets(digits_model, digit):
    pixels, label = digit
    target = (label + 3) % 10
    outcome = perform(digits_model, pixels, attacks.PGD(eps=0.5), label=label, goal=Towards(target))
    assert outcome.target.index == target
    assert outcome.success == (outcome.after[0].index == target)
    least = perform(digits_model, pixels, attacks.PGD(eps=0.5), label=label, goal=LeastLikely())
    clean = digits_model(to_tensor(pixels))
    assert least.target.index == clean.argmin().item()
    with pytest.raises(ValueError, match="target must be another class"):
        perform(digits_model, pixels, attacks.FGSM(), label=label, goal=Towards(label))


@dataclass(frozen=True, kw_only=True)
class Shunning(Defense):
    """Never answers with one class, and is as it was otherwise."""

    name = "shunning"
    shunned: int

    def logits(self, model, images):
        logits = model(images)
        return logits - 100 * (torch.arange(logits.shape[1]) == self.shunned)


@pytest.mark.parametrize("adaptive", [False, True])
def test_the_least_likely_class_is_that_of_the_attacked_model(digits_model, digit, adaptive):
    pixels, label = digit
    images, labels = to_tensor(pixels), torch.tensor([label])
    own = digits_model(images).argmin().item()
    shunned = next(c for c in range(10) if c not in (label, own))
    defended = Shunning(shunned=shunned)(digits_model)
    assert defended(images).argmin() == shunned
    options = {"goal": LeastLikely(), "adaptive": adaptive}
    outcome = perform(defended, pixels, attacks.PGD(eps=0.5), label=label, **options)
    found = evaluate(defended, "pgd", images, labels, eps_list=[0.5], **options)
    assert outcome.target.index == (shunned if adaptive else own)
    assert outcome.success == (not adaptive)
    assert found["rows"][0]["flipped"] == outcome.success


def test_class_zero_can_be_the_target(digits_model, digit):
    pixels, label = digit
    other = 0 if label else 1
    outcome = perform(digits_model, pixels, attacks.BIM(eps=0.5), label=label, goal=Towards(other))
    assert outcome.target.index == other
    assert all(other in frame.confidences for frame in outcome.frames)


def test_a_source_is_the_class_of_the_picture(digits_model, digit):
    pixels, label = digit
    source, target = label, (label + 3) % 10
    attack = attacks.PGD(eps=0.5)
    there = perform(digits_model, pixels, attack, label=label, goal=SourceTarget(source, target))
    plain = perform(digits_model, pixels, attack, label=label, goal=Towards(target))
    assert there.success
    assert torch.equal(there.adversarial, plain.adversarial)
    with pytest.raises(ValueError, match="source must be the picture's own class"):
        perform(digits_model, pixels, attack, label=target, goal=SourceTarget(source, 9 - source))


@pytest.mark.parametrize("goal", [ConfidenceReduction(0.3), ConfidenceReduction(threshold=0.4)])
@pytest.mark.parametrize("name", ["bim", "pgd-l2", "deepfool"])
def test_less_confidence_is_what_the_model_said_before(digits_model, digit, name, goal):
    outcome = perform(digits_model, digit[0], attacks.create(name), label=digit[1], goal=goal)
    first = outcome.before[0]
    now = outcome.confidence_after[first.index]
    enough = goal.threshold if goal.threshold is not None else first.confidence - goal.drop
    assert outcome.success is (now <= enough)
    assert outcome.target is None
    assert outcome.summary()["goal"] == "confidence-reduction"
    assert outcome.summary()["goal_parameters"] == goal.parameters


def test_a_goal_that_an_attack_does_not_take_is_refused(digits_model, digit, monkeypatch):
    monkeypatch.setattr(attacks.FGSM, "goals", ("untargeted", "targeted"))
    perform(digits_model, digit[0], attacks.FGSM(), goal=Towards((digit[1] + 1) % 10))
    with pytest.raises(ValueError, match="goal of fgsm must be one of untargeted, targeted"):
        perform(digits_model, digit[0], attacks.FGSM(), goal=LeastLikely())


def test_the_least_likely_class_is_found_where_probabilities_underflow(digits_model, digit):
    """With large logits several float64 probabilities are exactly 0; the logits still differ."""
    sharp = Classifier(
        Scaled(digits_model.network, 1000.0),
        name="sharp",
        class_names=digits_model.class_names,
        input_size=(8, 8),
        mean=tuple(digits_model.mean.flatten().tolist()),
        std=tuple(digits_model.std.flatten().tolist()),
    )
    outcome = perform(sharp, digit[0], attacks.PGD(eps=0.5), label=digit[1], goal=LeastLikely())
    assert outcome.confidence_before.count(0.0) > 1
    assert outcome.target.index == digits_model(to_tensor(digit[0])).argmin()
    assert outcome.success == (outcome.after[0].index == outcome.target.index)


def test_progress_counts_up_and_can_end_the_attack(digits_model, digit):
    seen = []
    perform(digits_model, digit[0], attacks.BIM(steps=5), progress=lambda k, n: seen.append((k, n)))
    assert seen == [(k, 6) for k in range(1, 7)]

    def stop(k, n):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        perform(digits_model, digit[0], attacks.BIM(steps=5), progress=stop)


def test_the_summary_is_plain_json(digits_model, digit):
    outcome = perform(digits_model, digit[0], attacks.FGSM(eps=0.1), label=digit[1])
    summary = json.loads(json.dumps(outcome.summary(), allow_nan=False))
    assert summary["eps"] == 0.1
    assert len(summary["before"]["top5"]) == 5
    assert summary["detector"] is None


def test_a_sure_cat_is_fooled_by_fgsm_at_one_hundredth(resnet):
    """The first visit: the sample photograph, the default attack, the smallest eps."""
    picture = samples.load("chelsea").picture.pixels
    pixels = fit(picture, size=(32, 32), resize=32, channels=3, how="crop")
    outcome = perform(resnet, pixels, attacks.FGSM(eps=0.01))
    assert outcome.before[0].label == "cat"
    assert outcome.before[0].confidence > 0.8
    assert outcome.success
    assert outcome.linf <= 0.01 + 1e-6


@pytest.fixture
def detected(bundle, cat, resnet):
    """``detected(attack, **options)``: an experiment on the cat with a random detector, and that."""
    detector = zoo.load_detector(bundle(), "cpu")

    def run(attack, **options):
        pixels = to_pixels(cat)[0]
        return perform(resnet, pixels, attack, detector=detector, **options), detector

    return run


def test_the_detector_s_answers_are_those_about_the_pictures(detected):
    outcome, detector = detected(attacks.FGSM(eps=0.05))
    seen, rounded = outcome.detection, outcome.pixels()[1].permute(2, 0, 1)[None] / 255
    for picture, score, flag in (
        (outcome.clean, seen.clean, seen.flagged_clean),
        (rounded, seen.adversarial, seen.flagged),
        (rounded, seen.adversarial_8bit, seen.flagged_8bit),
    ):
        assert score == pytest.approx(detector.score(picture).item(), abs=1e-6)
        assert flag == bool(detector.flags(picture))
    assert seen.clean != seen.adversarial
    assert outcome.summary()["detector"] == seen.summary()


def test_a_detector_changes_nothing_else_and_costs_no_pass_of_the_trunk(detected, resnet, cat):
    passes = []
    hook = resnet.network.stem.register_forward_hook(lambda *_: passes.append(1))
    try:
        attack = attacks.BIM(eps=0.02, steps=3)
        plain = perform(resnet, to_pixels(cat)[0], attack)
        without = len(passes)
        passes.clear()
        outcome, _ = detected(attack)
        assert len(passes) == without
    finally:
        hook.remove()
    assert torch.equal(outcome.adversarial, plain.adversarial)
    different = {"detector", "seconds"}
    a, b = ({k: v for k, v in e.summary().items() if k not in different} for e in (outcome, plain))
    assert a == b
    assert plain.detection is None


def test_the_detector_of_another_model_is_refused(detected, digits_model, digit):
    _, detector = detected(attacks.FGSM(eps=0.01))
    with pytest.raises(ValueError, match="detector must be one on this digits-cnn"):
        perform(digits_model, digit[0], attacks.FGSM(), detector=detector)


def test_an_attack_on_both_lowers_the_score_and_is_recorded_by_name(detected):
    plain, detector = detected(attacks.FGSM(eps=0.0))
    attack = attacks.Dynamic(eps=0.03, sigma=1.0, detector=detector)
    outcome, _ = detected(attack)
    assert outcome.detection.adversarial < plain.detection.clean
    assert outcome.parameters["detector"] == detector.name
    assert outcome.parameters["sigma"] == 1
