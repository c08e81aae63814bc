"""What is said beside the pictures: notices where silence would mislead, and numbers in units."""

from dataclasses import replace

import numpy as np
import pytest

from robust_core import attacks, zoo
from robust_core.dashboard.result import BADGES, in_the_file, notices, outside, steps_of
from robust_core.dashboard.views import Views
from robust_core.words.verdict import Verdict

FGSM, PGDL2 = attacks.get("fgsm"), attacks.get("pgd-l2")


@pytest.fixture(scope="module")
def experiment(make_request, perform):
    return perform(make_request("fgsm", eps=0.1))


def with_eps(experiment, eps):
    return replace(experiment, parameters={**experiment.parameters, "eps": eps})


def test_a_plain_result_needs_no_notice(experiment):
    plain = replace(experiment, success=True, success_exact=True, zero_gradients=0)
    assert notices(plain, FGSM.norm) == []


@pytest.mark.parametrize(("eps", "said"), [(0.15, False), (0.5, True), (0.7, True)])
def test_flat_grey_is_spoken_of_where_every_picture_reaches_it(experiment, eps, said):
    assert (
        any("flat grey" in note for note in notices(with_eps(experiment, eps), FGSM.norm)) == said
    )


@pytest.mark.parametrize(
    ("sample", "model", "said"),
    [
        ("chelsea", "cifar10-resnet32", False),
        ("coffee", "cifar10-resnet32", True),
        ("digits-test-3", "digits-cnn", False),
        ("chelsea", "digits-cnn", True),
        ("coffee", "imagenet-resnet50", False),
    ],
)
def test_a_picture_of_none_of_the_classes_is_told_which_there_are(
    make_request, sample, model, said
):
    told = outside(make_request(sample=sample, model=model))
    assert bool(told) == said
    if said:
        assert all(name in told for name in zoo.describe(model).class_names)
        assert "this picture may show none of these" in told


def test_an_l2_radius_is_no_grey_point(experiment):
    assert not any("flat grey" in note for note in notices(with_eps(experiment, 0.8), PGDL2.norm))


@pytest.mark.parametrize(("exact", "words"), [(True, "reached"), (False, "did not reach")])
def test_a_verdict_that_rounding_changes_is_said(experiment, exact, words):
    (note,) = notices(replace(experiment, success_exact=exact, success=not exact), FGSM.norm)
    assert "8 bits" in note
    assert words in note


def test_the_numbers_say_what_they_are_of(experiment):
    length, largest = in_the_file(experiment)
    assert length.startswith("This is the 8-bit file's; before rounding it was ")
    assert f"{experiment.linf:.4g}" in largest
    nearest = replace(experiment, parameters={})
    assert in_the_file(nearest)[1] == f"The 8-bit file's is {experiment.saved.linf:.4g}."


def test_masked_gradients_and_notices_of_the_engine_are_passed_on(experiment):
    said = notices(replace(experiment, zero_gradients=1, notices=("On the CPU.",)), FGSM.norm)
    assert said[0] == "On the CPU."
    assert any("masked" in note for note in said)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (attacks.PGD(eps=0.1, steps=7), ", 7 steps"),
        (attacks.PGD(eps=0.1, steps=1), ", 1 step"),
        (attacks.DeepFool(steps=50), ", at most 50 steps"),
        (attacks.CWL2(search_steps=5, steps=100), ", at most 500 steps"),
        (attacks.CWL2(search_steps=20, steps=100), ", at most 2,000 steps"),
        (FGSM(eps=0.1), ""),
    ],
)
def test_the_steps_of_all_searches_count(attack, said):
    assert steps_of(attack) == said


def test_every_outcome_has_a_badge():
    assert set(BADGES) == set(Verdict)


def test_views_are_the_rounded_tensors_and_the_exact_change(experiment):
    views = Views.of(experiment)
    for pixels, tensor in (
        (views.clean, experiment.clean),
        (views.adversarial, experiment.shown),
    ):
        assert pixels.dtype == np.uint8
        assert (pixels == np.rint(tensor[0].permute(1, 2, 0).double().numpy() * 255)).all()
    assert (views.delta == (experiment.adversarial - experiment.clean)[0].numpy()).all()
