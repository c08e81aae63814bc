"""The sentences: each outcome says what happened, with both labels, confidences and the distance."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from robust_core.classifier import Guess
from robust_core.evaluation.verdict import (
    Verdict,
    change,
    in_255ths,
    percent,
    sentence,
    verdict,
)
from robust_core.experiment import Experiment

CAT, DOG, FROG = (
    Guess(i, name, p) for i, name, p in ((3, "cat", 0.98), (5, "dog", 0.71), (6, "frog", 0.02))
)
STILL_CAT = Guess(3, "cat", 0.55)


def experiment(**changes) -> Experiment:
    """A cat that became a dog, except for ``changes``."""
    clean = torch.zeros(1, 3, 4, 4)
    base = Experiment(
        model="m",
        attack="fgsm",
        parameters={"eps": 0.01},
        goal="untargeted",
        label=CAT,
        label_source="given",
        target=None,
        clean=clean,
        adversarial=clean + 0.01,
        before=(CAT, DOG, FROG),
        after=(DOG, STILL_CAT, FROG),
        confidence_before=(),
        confidence_after=(),
        success=True,
        success_8bit=True,
        l0=16.0,
        l2=0.01 * 48**0.5,
        linf=0.01,
        tv=0.0,
        ssim=1.0,
        seconds=0.0,
        queries=1,
        gradients=1,
        zero_gradients=0,
        frames=(),
    )
    return replace(base, **changes)


HELD = {"after": (STILL_CAT, DOG, FROG), "success": False}
OUTCOMES = {
    Verdict.FOOLED: {},
    Verdict.HELD: HELD,
    Verdict.ALREADY_WRONG: {"label": FROG},
    Verdict.MISSED: {"target": FROG, "success": False},
}


@pytest.mark.parametrize("outcome", Verdict)
def test_each_outcome_is_told_apart(outcome):
    assert verdict(experiment(**OUTCOMES[outcome])) is outcome


def test_a_reached_target_fools():
    reached = experiment(target=DOG)
    assert verdict(reached) is Verdict.FOOLED
    assert sentence(reached, "linf").startswith("cat 98 % became dog 71 %, the target;")


@pytest.mark.parametrize("outcome", Verdict)
def test_every_sentence_names_both_confidences_and_the_distance(outcome):
    case = experiment(**OUTCOMES[outcome])
    said = sentence(case, "linf")
    assert percent(case.before[0].confidence) in said
    assert percent(case.after[0].confidence) in said
    assert "no pixel moved by more than 2.6/255" in said
    assert said.endswith(".")


def test_fooled():
    assert sentence(experiment(), "linf") == (
        "cat 98 % became dog 71 %; no pixel moved by more than 2.6/255."
    )


def test_held_does_not_say_became_another_class():
    said = sentence(experiment(**HELD), "linf")
    assert said.startswith("Still cat: 98 % became 55 %")
    assert "dog" not in said


def test_wrong_before_names_the_label_that_was_missed():
    said = sentence(experiment(label=FROG), "linf")
    assert said.startswith("The model was wrong before the attack")
    assert "frog" in said


def test_a_missed_target_is_named_with_its_confidence_at_the_end():
    said = sentence(experiment(target=FROG, success=False), "linf")
    assert said.startswith("The target frog was not reached")
    assert "frog 2 %" in said


def test_an_unchanged_picture_is_said_to_be_unchanged():
    same = experiment(adversarial=torch.zeros(1, 3, 4, 4), linf=0.0, l2=0.0, l0=0.0, **HELD)
    for norm in ("linf", "l2"):
        assert change(same, norm) == "nothing was changed"


def test_an_l2_attack_is_measured_in_l2_and_as_root_mean_square():
    said = change(experiment(), "l2")
    assert "0.0693 in L2" in said
    assert "2.6/255 a value" in said, "every value moved by 0.01"


def test_percentages_never_round_to_certainty():
    for share in (*np.linspace(0, 1, 401), 1e-9, 1 - 1e-9, 0.99949, 0.99951):
        said = percent(share)
        assert (said == "100 %") == (share == 1)
        assert (said == "0 %") == (share == 0)
        number = float(re.search(r"[\d.]+", said)[0]) / 100
        if said.startswith("under"):
            assert share < number
        elif said.startswith("over"):
            assert share > number
        else:
            assert abs(number - share) <= 0.005 + 1e-12


@pytest.mark.parametrize(
    ("eps", "said"),
    [(0.01, "2.6"), (0.1, "25.5"), (0.15, "38.3"), (0.5, "127.5"), (0.7, "178.5"), (8 / 255, "8")],
)
def test_the_five_values_in_255ths_are_the_same_in_float32(eps, said):
    assert in_255ths(eps) == in_255ths(float(np.float32(eps))) == f"{said}/255"


def test_small_changes_keep_two_figures():
    assert in_255ths(0.25 / 255) == "0.25/255"
    assert in_255ths(0.012345 / 255) == "0.012/255"
    assert in_255ths(0.0) == "0/255"
