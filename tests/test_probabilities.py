"""Models that end in softmax, or give hard labels: recognised, said, and attacked as they should be."""

import math

import pytest
import torch
import torch.nn.functional as F

from robust_core import attacks, defenses, goals
from robust_core.data.fitting import to_pixels
from robust_core.detectors import FeatureSqueezing
from robust_core.detectors.squeezers import PRESETS
from robust_core.evaluation.accuracy import evaluate
from robust_core.experiment.curves import curve
from robust_core.experiment.perform import perform
from robust_core.experiment.slices import plane, regions
from robust_core.probabilities import (
    DEPTH,
    FLOOR,
    LABELS,
    LOGITS,
    NOTICES,
    PROBABILITIES,
    Reading,
    as_logits,
    kind,
)

WITH_GRADIENTS = [n for n in attacks.local_names() if attacks.get(n).knowledge == "white-box"]
FEW = {"steps": 10, "rounds": 5, "targets": 3, "search_steps": 2, "max_queries": 50}


def create(name: str, **given) -> attacks.Attack:
    kind = attacks.get(name)
    known = set(kind.__dataclass_fields__)
    given = {**FEW, "eps": 1.5 if kind.norm == "l2" else 0.2, **given}
    return attacks.create(name, **{k: v for k, v in given.items() if k in known})


@pytest.fixture
def few(digits_test):
    return tuple(x[:6] for x in digits_test)


@pytest.fixture(scope="module")
def logits():
    return 5 * torch.randn(20, 7, generator=torch.Generator().manual_seed(0))


def one_hot(logits):
    return F.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_the_kind_of_an_answer(logits, dtype):
    soft = logits.to(dtype).softmax(1)
    assert kind(soft) == PROBABILITIES
    assert kind(logits.to(dtype)) == kind(logits.log_softmax(1).to(dtype)) == LOGITS
    assert kind(one_hot(logits).to(dtype)) == LABELS
    assert kind(torch.cat([soft, one_hot(soft)])) == PROBABILITIES
    assert kind(torch.cat([soft, logits[:1].to(dtype)])) == LOGITS


def test_answers_that_only_look_like_probabilities_are_logits(logits):
    assert kind(logits.sigmoid()) == LOGITS  # do not sum to 1
    assert kind(torch.tensor([[2.0, -1.0]])) == LOGITS  # not in [0, 1]
    assert kind(torch.tensor([[0.5, 0.5 + 1e-3]])) == LOGITS
    assert kind(torch.tensor([[math.nan, 1.0]])) == LOGITS


def test_logarithms_of_probabilities_are_logits_of_the_same_answer(logits):
    read = as_logits(logits.softmax(1))
    torch.testing.assert_close(read, logits.log_softmax(1), rtol=1e-5, atol=1e-5)
    assert as_logits(logits) is logits
    mixed = as_logits(torch.cat([logits[:1], logits[1:2].softmax(1)]))
    assert mixed[0].equal(logits[0])
    assert mixed[1].equal(read[1])


def test_the_floor_keeps_logarithms_and_slopes_finite():
    p = torch.tensor([[1.0, 0.0, 1e-45, 1e-38, 2e-38]], requires_grad=True)
    read = Reading()
    z = read(p)
    assert read.kind == PROBABILITIES
    assert z.min().item() == pytest.approx(-DEPTH) == math.log(FLOOR)
    (slope,) = torch.autograd.grad(z.sum(), p)
    assert slope.isfinite().all()
    assert slope[0, 1:3].tolist() == [0, 0]


def test_hard_labels_are_read_without_a_logarithm_and_as_far_apart(logits):
    hard = one_hot(logits).requires_grad_()
    read = Reading()
    z = read(hard)
    assert read.kind == LABELS
    torch.testing.assert_close(z, as_logits(hard))
    (slope,) = torch.autograd.grad(z.sum(), hard)  # one straight through is not cut
    assert (slope > 0).all()


def test_a_saturated_softmax_is_found_out_by_its_first_soft_answer(logits):
    read = Reading()
    read(one_hot(logits))
    assert read.kind == LABELS
    read(logits.softmax(1))
    assert read.kind == PROBABILITIES
    assert read(one_hot(logits)).min().item() == pytest.approx(-DEPTH)
    settled = Reading()
    settled(logits)
    assert settled(logits.softmax(1)).equal(logits.softmax(1))
    assert settled.kind == LOGITS


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_an_attack_finds_through_a_softmax_what_it_finds_on_logits(
    digits_model, softmax_model, few, name
):
    attack = create(name)
    expected, record = (attack.run(m, *few) for m in (digits_model, softmax_model))
    assert record.success.equal(expected.success)
    assert expected.success.sum() > 2 or name == "fgsm"
    assert (record.answers, expected.answers) == (PROBABILITIES, LOGITS)
    assert record.notices == (NOTICES[PROBABILITIES],)
    assert expected.notices == ()
    if not attack.has_eps and attack.norm != "l0":
        torch.testing.assert_close(record.l2, expected.l2, rtol=0.02, atol=0)


@pytest.mark.parametrize("name", ["pgd", "square"])
def test_a_target_and_less_confidence_through_a_softmax(digits_model, softmax_model, few, name):
    images, labels = few
    for goal in (goals.ConfidenceReduction(0.3), goals.LeastLikely(), goals.RandomTarget()):
        attack = create(name, eps=0.1)
        expected, record = (
            attack.run(m, images, labels, goal) for m in (digits_model, softmax_model)
        )
        assert record.success.equal(expected.success)


@pytest.mark.parametrize("answers", ["softmax", "labels"])
def test_less_confidence_is_not_reached_without_a_change(digits_model, softmax_model, few, answers):
    model = softmax_model if answers == "softmax" else lambda x: one_hot(digits_model(x))
    record = create("pgd", eps=0).run(model, *few, goals.ConfidenceReduction(0.2))
    assert not record.success.any()


@pytest.mark.parametrize("name", ["pgd", "cw-l2", "deepfool", "square", "noise"])
def test_hard_labels_are_said_and_give_no_gradient(digits_model, few, name):
    attack = create(name)
    record = attack.run(lambda x: one_hot(digits_model(x)), *few)
    assert record.answers == LABELS
    assert record.notices == (NOTICES[LABELS],)
    assert record.x_adv.isfinite().all()
    if name in ("pgd", "cw-l2", "deepfool"):
        assert (record.zero_gradients > 0).all()
    if name == "noise":  # which needs the label alone
        expected = attack.run(digits_model, *few)
        assert record.x_adv.equal(expected.x_adv)
        assert record.success.equal(expected.success)


@pytest.mark.parametrize("name", ["pgd-pair", "cw-l2-pair"])
def test_attacks_on_a_pair_read_the_classifier_likewise(digits_model, softmax_model, few, name):
    success = []
    for model in (digits_model, softmax_model):
        detector = FeatureSqueezing(model, PRESETS["mnist"], threshold=0.9)
        record = create(name, detector=detector, eps=0.3, steps=30).run(model, *few)
        success.append(record.success)
        assert record.answers == (LOGITS if model is digits_model else PROBABILITIES)
    assert success[0].any()
    assert success[0].equal(success[1])


def test_half_precision_probabilities(digits_model, few):
    def half(x):
        return digits_model(x).half().softmax(1)

    record = create("pgd").run(half, *few)
    assert record.answers == PROBABILITIES
    assert record.success.sum() > 2


def test_softmax_is_not_applied_twice(digits_model, softmax_model, few):
    """Who shows or compares confidences gets those of the model."""
    images, labels = few
    both = (digits_model, softmax_model)
    said = [[g.confidence for row in m.predict(images) for g in row] for m in both]
    assert said[1] == pytest.approx(said[0], abs=1e-6)
    squeezing = [FeatureSqueezing(m, PRESETS["mnist"]) for m in both]
    torch.testing.assert_close(*(d.score(images) for d in squeezing), rtol=0, atol=1e-6)
    torch.testing.assert_close(*(d.logit(images) for d in squeezing), rtol=0, atol=1e-3)
    points = [curve(m, images[:1], create("fgsm"), (0, 0.1), label=int(labels[0])) for m in both]
    for one, other in zip(*points, strict=True):
        assert other.confidence == pytest.approx(one.confidence, abs=1e-6)
    shown = [perform(m, to_pixels(images)[0], create("fgsm"), label=int(labels[0])) for m in both]
    assert shown[1].confidence_before == pytest.approx(shown[0].confidence_before, abs=1e-6)
    assert shown[1].confidence_after == pytest.approx(shown[0].confidence_after, abs=1e-6)
    assert shown[1].summary()["answers"] == PROBABILITIES
    assert NOTICES[PROBABILITIES] in shown[1].notices
    moved = [defenses.create("random-resize-pad", draws=4)(m).adaptive(images) for m in both]
    torch.testing.assert_close(*(z.softmax(1) for z in moved), rtol=0, atol=1e-5)


def test_a_map_of_two_directions_shows_the_models_own_confidence(digits_model, softmax_model, few):
    image = few[0][:1]
    cut = plane(image, (image + 0.1).clamp(0, 1))
    at = torch.tensor([0.0, 0.5])
    one, other = (regions(m, cut, at, at) for m in (digits_model, softmax_model))
    torch.testing.assert_close(one.confidence, other.confidence, rtol=0, atol=1e-6)


def test_an_evaluation_says_it(digits_model, softmax_model, few):
    heard = []
    given = {"eps_list": [0.1], "parameters": {"steps": 5}, "on_notice": heard.append}
    one, other = (evaluate(m, "pgd", *few, **given) for m in (digits_model, softmax_model))
    assert one["rows"][0]["success_rate"] == other["rows"][0]["success_rate"]
    assert one["notices"] == []
    assert other["notices"] == heard == [NOTICES[PROBABILITIES]]
