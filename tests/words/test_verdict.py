"""The sentences: each outcome says what happened, with both labels, confidences and the distance."""

from dataclasses import replace

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.classifier import Guess
from robust_core.experiment.perform import Experiment, Saved, perform
from robust_core.experiment.reached import Cost
from robust_core.goals import ConfidenceReduction, LeastLikely, Towards, Untargeted
from robust_core.words.numbers import percent
from robust_core.words.verdict import Verdict, aim, change, needed, rounded, said, sentence, verdict

CAT, DOG, FROG = (
    Guess(i, name, p) for i, name, p in ((3, "cat", 0.98), (5, "dog", 0.71), (6, "frog", 0.02))
)
STILL_CAT = Guess(3, "cat", 0.55)


COST = Cost(seconds=0.0, queries=1, gradients=1, zero_gradients=0)
SAVED = Saved(True, 16.0, 0.48, 0.01 * 48**0.5, 0.01, 0.0)


def experiment(**changes) -> Experiment:
    """A cat that became a dog, except for ``changes``."""
    clean = torch.zeros(1, 3, 4, 4)
    base = Experiment(
        model="m",
        attack="fgsm",
        parameters={"eps": 0.01},
        goal=Untargeted(),
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
        success_exact=True,
        saved=SAVED,
        **SAVED.distances,
        ssim=1.0,
        **COST.cost,
        frames=(),
    )
    return replace(base, **changes)


HELD = {"after": (STILL_CAT, DOG, FROG), "success": False}
LESS_SURE = {
    "goal": ConfidenceReduction(),
    "after": (STILL_CAT, DOG, FROG),
    "confidence_after": (0.0, 0.0, 0.0, 0.55, 0.0, 0.43, 0.02),
}
OUTCOMES = {
    Verdict.FOOLED: {},
    Verdict.LESS_SURE: LESS_SURE,
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


def test_less_sure_says_from_where_to_where_and_what_was_wanted():
    case = experiment(**LESS_SURE)
    assert sentence(case, "linf").startswith("Still cat: 98 % fell to 55 % (20 points less was")
    lower = replace(case, goal=ConfidenceReduction(threshold=0.6))
    assert "60 % or less was wanted" in sentence(lower, "linf")


def test_less_sure_may_tip_over():
    case = experiment(**{**LESS_SURE, "after": (DOG, STILL_CAT, FROG)})
    assert verdict(case) is Verdict.FOOLED
    assert "cat 98 % fell to 55 %" in sentence(case, "linf")
    assert "became dog 71 %" in sentence(case, "linf")


def test_too_little_less_sure_is_held():
    case = experiment(**{**LESS_SURE, "success": False, "goal": ConfidenceReduction(drop=0.6)})
    assert verdict(case) is Verdict.HELD
    said = sentence(case, "linf")
    assert "is now 55 %" in said
    assert "60 points less was wanted" in said


def test_names_with_digits_are_quoted():
    five, crane = Guess(5, "5", 0.98), Guess(134, "crane (134)", 0.71)
    case = experiment(before=(five,), after=(crane,), label=five)
    assert sentence(case, "linf").startswith('"5" 98 % became "crane (134)" 71 %;')


@pytest.mark.parametrize(("norm", "length"), [("linf", 0.01), ("l2", 0.01 * 48**0.5), ("l1", 0.48)])
def test_what_was_needed_stands_beside_what_was_allowed(norm, length):
    near = needed(experiment(), norm, 2 * length)
    assert near.startswith("It needed 0.01 (2.6/255)")
    assert "you allowed 0.02 (5.1/255)" in near
    assert "stays within" in near
    assert "goes beyond" in needed(experiment(), norm, 0.9 * length)
    assert ("0.069 in L2" in near) == (norm == "l2")
    assert ("on average, 0.48 in L1" in near) == (norm == "l1")
    assert "no change" in needed(experiment(success=False), norm, length)


def test_wrong_before_names_the_label_that_was_missed():
    said = sentence(experiment(label=FROG), "linf")
    assert said.startswith("The model was wrong before the attack")
    assert "frog" in said


def test_a_missed_target_is_named_with_its_confidence_at_the_end():
    said = sentence(experiment(target=FROG, success=False), "linf")
    assert said.startswith("The target frog was not reached")
    assert "frog 2 %" in said


def test_an_unchanged_picture_is_said_to_be_unchanged():
    same = experiment(saved=Saved(False, 0.0, 0.0, 0.0, 0.0, 0.0), **HELD)
    for norm in ("linf", "l2", "l1", "l0"):
        assert change(same, norm) == "nothing was changed"


def test_an_l2_attack_is_measured_in_l2_and_as_root_mean_square():
    said = change(experiment(), "l2")
    assert "by 0.069 in L2, 2.6/255 root mean square" in said, "every value moved by 0.01"


def test_an_l1_attack_is_measured_in_l1_and_on_average_and_an_l0_attack_in_pixels():
    assert change(experiment(), "l1") == "the picture moved by 0.48 in L1, 2.6/255 on average"
    said = change(experiment(), "l0")
    assert said == "16 pixels changed, none by more than 2.6/255"
    one = replace(experiment().saved, l0=1.0)
    assert change(experiment(saved=one), "l0").startswith("1 pixel changed")


def test_a_tie_in_the_sentence_shows_which_share_is_larger():
    close = (Guess(5, "dog", 0.4913), replace(STILL_CAT, confidence=0.4876))
    case = experiment(before=(replace(CAT, confidence=0.4879), DOG), after=close)
    assert sentence(case, "linf").startswith("cat 48.8 % became dog 49.1 %")
    assert said(*close) == "dog 49.1 %, cat 48.8 %"
    held = experiment(**HELD | {"after": (replace(CAT, confidence=0.9751), DOG)})
    assert sentence(held, "linf").startswith("Still cat: 98.0 % became 97.5 %")


def of_file(success: bool) -> Saved:
    return replace(experiment().saved, success=success)


@pytest.mark.parametrize(("exact", "words"), [(True, "reached"), (False, "did not reach")])
def test_within_eps_the_file_decides_and_what_rounding_changed_is_said(exact, words):
    case = experiment(success=not exact, success_exact=exact, saved=of_file(not exact))
    assert f"the picture {words} the goal" in rounded(case)
    assert rounded(replace(case, success_exact=not exact)) is None


@pytest.mark.parametrize(
    ("exact", "file", "words"),
    [(True, False, "Lost when saved"), (False, True, "attack works"), (True, True, None)],
)
def test_without_an_eps_the_exact_result_decides_and_the_file_is_spoken_of(exact, file, words):
    case = experiment(parameters={}, success=exact, success_exact=exact, saved=of_file(file))
    told = rounded(case)
    assert told is None if words is None else words in told


def test_a_nearest_picture_that_is_lost_in_the_file_is_said_in_the_sentence():
    found = experiment(parameters={}, saved=of_file(False), l2=0.0912)
    assert sentence(found, "l2") == (
        "cat 98 % became dog 71 %; found at L2 0.091; lost when saved in 8 bits."
    )
    assert "found at Linf 0.01; lost when saved in 8 bits" in sentence(found, "linf")
    assert "8 bits" not in sentence(replace(found, saved=of_file(True)), "l2")
    assert "8 bits" not in sentence(experiment(saved=of_file(False), **HELD), "linf")


def test_the_distance_in_the_sentence_is_that_of_the_picture_judged():
    file = Saved(True, 16.0, 2 / 255 * 48, 2 / 255 * 48**0.5, 2 / 255, 0.0)
    assert "more than 2/255" in sentence(experiment(saved=file), "linf")
    assert "more than 2.6/255" in sentence(experiment(saved=file, parameters={}), "linf")


def test_the_aim_names_goal_and_target():
    picture = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    pixels = (255 * picture[0].permute(1, 2, 0)).byte().numpy()
    model = zoo.load("digits-cnn")
    attack = attacks.create("fgsm", eps=0.1)

    def told(goal) -> str:
        return aim(perform(model, pixels, attack, label=3, label_source="given", goal=goal))

    assert told(Untargeted()) == 'The attack should make it say anything but "3" (given).'
    assert told(Towards(7)) == 'The attack should make it say "7", instead of "3" (given).'
    assert "the least likely class, instead of" in told(LeastLikely())
    assert told(ConfidenceReduction(drop=0.3)).endswith('less sure of "3" (given), by 30 points.')
    assert told(ConfidenceReduction(threshold=0.5)).endswith("down to 50 %.")
