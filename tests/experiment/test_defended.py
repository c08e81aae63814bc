"""One picture behind a defence: the record is what the attack itself gives, and says what it is."""

from dataclasses import replace

import pytest
import torch

from robust_core import attacks, defenses, zoo
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.evaluation.draws import VOTED, Chance, count_for, fresh
from robust_core.experiment.defended import Attacker, DefenseOutcome, trial
from robust_core.experiment.defended_look import Look, look
from robust_core.experiment.perform import perform
from robust_core.goals import ConfidenceReduction, LeastLikely, Towards

FILTERS = ("jpeg", "bit-depth", "median", "tv", "random-resize-pad")
NOISY = {"n": 50, "draws": 4}
PGD = attacks.create("pgd", eps=0.15, steps=4)


def made(name: str) -> defenses.Defense:
    return defenses.create(name, **(NOISY if name == "smoothing" else {}))


@pytest.mark.parametrize("name", [*FILTERS, "smoothing"])
def test_an_aware_attacker_is_the_attack_itself_on_the_defended_model(digits_model, pixels, name):
    defense, images = made(name), to_tensor(pixels)
    result = trial(digits_model, pixels, PGD, defense, attacker=Attacker.AWARE, label=9)
    model = defense(digits_model)
    direct = PGD.run(model, images, torch.tensor([9]), adaptive=True)
    saved = as_saved(direct.x_adv, images)
    assert torch.equal(result.after.picture, saved)
    assert result.success == (result.after.guesses[0].index != 9)
    assert (result.queries, result.gradients) == (4, 4)
    judge = model
    if model.is_random:  # one of the fresh draws that give what most of them give
        draws = [model.redrawn(draw) for draw in fresh(count_for(model))]
        reached = [int(one(saved).argmax()) != 9 for one in draws]
        assert result.chance == Chance(sum(reached), len(reached))
        judge = draws[reached.index(result.success)]
    else:
        assert result.chance is None
    assert torch.equal(result.after.logits, judge(saved).double())
    assert torch.equal(result.after.seen, judge.seen(saved))
    assert torch.equal(result.before.logits, model(images).double())
    assert result.linf == (saved.double() - images.double()).abs().max() <= PGD.eps


@pytest.mark.parametrize("attacker", Attacker)
def test_outside_the_mask_the_picture_arrives_as_it_was(digits_model, pixels, attacker):
    mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    mask[..., :4] = True
    result = trial(digits_model, pixels, PGD, made("jpeg"), attacker=attacker, label=9, mask=mask)
    changed = result.after.picture != to_tensor(pixels)
    assert changed.any()
    assert not changed[~mask.expand_as(changed)].any()


def test_without_an_eps_the_exact_picture_arrives(digits_model, pixels):
    defense, attack = made("jpeg"), attacks.create("deepfool")
    result = trial(digits_model, pixels, attack, defense, attacker=Attacker.UNAWARE, label=9)
    direct = attack(digits_model, to_tensor(pixels), torch.tensor([9]))
    assert torch.equal(result.after.picture, direct)


@pytest.mark.parametrize("name", [*FILTERS, "smoothing"])
def test_an_unaware_attacker_fools_the_undefended_model(digits_model, pixels, name):
    result = trial(digits_model, pixels, PGD, made(name), attacker=Attacker.UNAWARE, label=9)
    direct = PGD(digits_model, to_tensor(pixels), torch.tensor([9]))
    assert torch.equal(result.after.picture, as_saved(direct, to_tensor(pixels)))


def test_a_picture_made_on_the_undefended_model_is_taken_over(digits_model, pixels, monkeypatch):
    before = perform(digits_model, pixels, PGD, label=9)
    anew = trial(digits_model, pixels, PGD, made("jpeg"), attacker=Attacker.UNAWARE, label=9)
    monkeypatch.setattr("robust_core.experiment.defended._make", None)  # it would be called
    taken = trial(
        digits_model, pixels, PGD, made("jpeg"), attacker=Attacker.UNAWARE, label=9, made=before
    )
    same = {"seconds": 0.0, "before": None, "after": None}
    assert replace(taken, **same) == replace(anew, **same)
    assert torch.equal(taken.after.logits, anew.after.logits)
    other = replace(PGD, steps=3)
    with pytest.raises(TypeError):  # that picture is none of its
        trial(
            digits_model,
            pixels,
            other,
            made("jpeg"),
            attacker=Attacker.UNAWARE,
            label=9,
            made=before,
        )


def test_a_masked_defence_holds_against_one_who_does_not_know_it_alone(masked, resnet, cat):
    attack = attacks.create("pgd", eps=8 / 255, steps=5)
    results = {
        attacker: trial(resnet, to_pixels(cat)[0], attack, made("distilled"), attacker=attacker)
        for attacker in Attacker
    }
    assert zoo.load(masked, "cpu") is not resnet
    assert results[Attacker.UNAWARE].outcome is DefenseOutcome.RECOVERED
    assert results[Attacker.UNAWARE].zero_gradients == results[Attacker.UNAWARE].gradients == 5
    assert results[Attacker.UNAWARE].parameters["loss"] == "softmax-ce"
    assert results[Attacker.AWARE].outcome is DefenseOutcome.FOOLED
    assert results[Attacker.AWARE].zero_gradients == 0


def test_an_attack_by_queries_on_random_draws_names_their_seed(digits_model, pixels):
    square = attacks.create("square", eps=0.1, max_queries=5)
    on_itself = perform(digits_model, pixels, square, label=9, frames=False)
    assert on_itself.notices == ()
    for defense, seed in ((made("random-resize-pad").changed(seed=4), 4), (made("smoothing"), 0)):
        for attacker in Attacker:
            result = trial(
                digits_model, pixels, square, defense, attacker=attacker, label=9, made=on_itself
            )
            (sentence,) = result.notices
            assert f"seed {seed} of the defence's random draws" in sentence
    few = trial(
        digits_model, pixels, PGD, made("smoothing").changed(n=5), attacker=Attacker.AWARE, label=9
    )
    assert few.notices == ()  # what holds for the defence is said of the defence


def test_success_is_what_most_fresh_draws_give(digits_model, pixels):
    """Whatever the one draw says that the attacker has seen."""
    defense = made("random-resize-pad").changed(smallest=0.5)
    attack = PGD.changed(eps=0.06)
    found = [
        trial(digits_model, pixels, attack, one, attacker=Attacker.AWARE, label=9, detector=None)
        for one in (defense.changed(seed=seed) for seed in range(4))
    ]
    assert all(one.success == one.chance.succeeds for one in found)
    assert any(0 < one.chance.count < one.chance.n for one in found)
    assert all((one.after.guesses[0].index != 9) == one.success for one in found)
    again = trial(digits_model, pixels, attack, defense, attacker=Attacker.AWARE, label=9)
    assert again.chance == found[0].chance
    assert found[0].summary()["fresh_draws"]["n"] == found[0].chance.n


def test_the_command_lines_experiment_is_judged_the_same_way(digits_model, pixels):
    defense = made("random-resize-pad")
    one = trial(digits_model, pixels, PGD, defense, attacker=Attacker.AWARE, label=9)
    other = perform(defense(digits_model), pixels, PGD, label=9, adaptive=True)
    assert other.chance == one.chance
    assert other.success == one.success
    assert other.after[0].index == one.after.guesses[0].index
    assert perform(digits_model, pixels, PGD, label=9).chance is None


def test_the_clean_picture_is_looked_at_once(digits_model, pixels):
    before = look(made("jpeg")(digits_model), to_tensor(pixels))
    given = trial(digits_model, pixels, PGD, made("jpeg"), attacker=Attacker.AWARE, before=before)
    assert given.before is before


def test_the_least_likely_class_is_that_of_the_undefended_model(digits_model, pixels):
    target = int(digits_model(to_tensor(pixels)).argmin())
    for attacker in Attacker:
        result = trial(
            digits_model,
            pixels,
            PGD,
            made("median"),
            attacker=attacker,
            label=9,
            goal=LeastLikely(),
        )
        assert result.target.index == target
        assert result.success == (result.after.guesses[0].index == target)


def test_less_confidence_is_counted_from_that_of_the_defended_model(digits_model, pixels):
    goal = ConfidenceReduction(drop=0.05)
    for attacker in Attacker:
        result = trial(digits_model, pixels, PGD, made("tv"), attacker=attacker, label=9, goal=goal)
        fell = result.before.confidences[9] - result.after.confidences[9]
        assert result.success == (fell >= 0.05)


def test_the_outcome_is_told_by_what_the_defence_says(digits_model, pixels):
    result = trial(digits_model, pixels, PGD, made("jpeg"), attacker=Attacker.AWARE, label=9)

    def says(seen: Look, index: int) -> Look:
        return replace(seen, guesses=(replace(seen.guesses[0], index=index),))

    def outcome(before: int, after: int, success: bool) -> DefenseOutcome:
        changed = {"before": says(result.before, before), "after": says(result.after, after)}
        return replace(result, **changed, success=success).outcome

    assert outcome(9, 9, False) is DefenseOutcome.RECOVERED
    assert outcome(9, 3, True) is DefenseOutcome.FOOLED
    assert outcome(9, 9, True) is DefenseOutcome.LESS_SURE
    assert outcome(9, 3, False) is DefenseOutcome.MISSED
    assert outcome(3, 3, True) is outcome(3, 9, False) is DefenseOutcome.WRONG


def test_votes_that_are_too_close_are_neither_right_nor_wrong(digits_model, pixels):
    result = trial(digits_model, pixels, PGD, made("smoothing"), attacker=Attacker.UNAWARE, label=9)
    close = replace(result.after.certificate, counts=(*[0] * 8, 19, 21))
    after = replace(result.after, certificate=close)
    assert after.abstains
    assert not result.after.abstains
    assert replace(result, after=after, success=True).outcome is DefenseOutcome.ABSTAINED
    assert replace(result, after=after, success=False).outcome is DefenseOutcome.ABSTAINED


def test_progress_counts_the_steps_then_the_votes_and_can_end_it(digits_model, pixels):
    told = []
    result = trial(
        digits_model,
        pixels,
        PGD,
        made("smoothing"),
        attacker=Attacker.AWARE,
        progress=lambda k, n: told.append((k, n)),
    )
    votes = [(50, 100), (100, 100)]  # to choose the class, and of the answer
    steps = [(k, 5) for k in range(1, 6)]
    afresh = [(50 * k, 50 * VOTED) for k in range(1, VOTED + 1)]
    assert told == [*votes, *steps, *afresh, *votes], "the clean picture, the adversarial one"
    with pytest.raises(KeyboardInterrupt):
        trial(
            digits_model,
            pixels,
            PGD,
            made("jpeg"),
            attacker=Attacker.AWARE,
            before=result.before,
            progress=lambda k, n: (_ for _ in ()).throw(KeyboardInterrupt),
        )


def test_the_detector_says_what_it_says_of_the_undefended_model(digits_model, pixels):
    detector = zoo.load_detector(zoo.default_detector("digits-cnn"), "cpu")
    before = perform(digits_model, pixels, PGD, label=9, detector=detector)
    result = trial(
        digits_model,
        pixels,
        PGD,
        made("jpeg"),
        attacker=Attacker.UNAWARE,
        label=9,
        detector=detector,
    )
    assert result.detection == before.detection


def test_what_cannot_be_is_refused_in_a_sentence(digits_model, pixels):
    with pytest.raises(ValueError, match="digits-cnn-lambda-at"):
        trial(digits_model, pixels, PGD, made("lambda-at"), attacker=Attacker.AWARE)
    towards = {"attacker": Attacker.AWARE, "label": 9, "goal": Towards(9)}
    with pytest.raises(ValueError, match="target must be another class"):
        trial(digits_model, pixels, PGD, made("jpeg"), **towards)
