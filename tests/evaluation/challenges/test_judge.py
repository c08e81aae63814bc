"""Verdicts: who wins, who does not, what cannot be won, and what does not count."""

from functools import cache

import pytest
import torch

from robust_core import attacks, verification
from robust_core.data import DataMissing, digits
from robust_core.evaluation.challenges.judge import LEAST, TRYING, Attempt, judge, try_out
from robust_core.evaluation.challenges.ladder import LADDER, get
from robust_core.evaluation.challenges.proofs import METHOD
from robust_core.evaluation.challenges.ways import Way

OFFLINE = [one for one in LADDER if one.record.comes_with]
BREAKABLE = [one for one in OFFLINE if not one.proof]
PROVED = [one for one in LADDER if one.proof]
numbered = {"ids": lambda one: str(one.number)}


@cache
def answered(number: int):
    """The project's own attack on a challenge, judged."""
    challenge = get(number)
    return judge(Attempt(challenge, challenge.solution, challenge.way), seed=5, n=LEAST)


@pytest.mark.parametrize("challenge", BREAKABLE, **numbered)
def test_our_own_attack_wins(challenge):
    verdict = answered(challenge.number)
    assert verdict.success
    assert verdict.outside == 0
    assert verdict.clean_accuracy.value > 0.85
    low, high = verdict.accuracy.interval
    assert low <= verdict.accuracy.value <= challenge.mark <= high or high <= challenge.mark


@pytest.mark.parametrize("challenge", BREAKABLE, **numbered)
@pytest.mark.parametrize("way", [Way.TRANSFER, Way.AS_IT_IS])
def test_one_step_without_a_thought_of_the_defence_does_not_win(challenge, way):
    verdict = judge(Attempt(challenge, challenge.weapon("fgsm"), way), seed=5, n=LEAST)
    assert not verdict.success
    assert verdict.accuracy.value > challenge.mark + 0.05


@pytest.mark.parametrize("number", [1, 2])
def test_many_steps_on_a_filter_as_it_is_find_nothing_to_follow(number):
    attempt = Attempt(get(number), get(number).solution, Way.AS_IT_IS)
    verdict = judge(attempt, seed=5, n=LEAST)
    assert verdict.accuracy.value > 0.9
    assert verdict.zero_gradients == verdict.steps > 0


@pytest.mark.parametrize("challenge", PROVED, **numbered)
def test_nobody_breaks_a_proof(challenge):
    verdict = answered(challenge.number)
    assert not verdict.success
    assert verdict.floor.value > challenge.mark
    holds, bound = verdict.proof
    assert not (verdict.fallen & holds).any()
    assert not (holds & ~verdict.right).any()
    assert torch.equal(holds, bound >= challenge.eps if challenge.norm == "l2" else bound > 0)
    assert verdict.accuracy.count >= verdict.floor.count


def test_of_all_held_out_digits_more_are_proved_than_the_mark_leaves():
    challenge = get(7)
    network, _ = challenge.load()
    images, labels = (x[TRYING:] for x in digits.load("test"))
    found = verification.verify(network, images, labels, challenge.eps, METHOD, attack=False)
    right = int((found.clean > 0).sum())
    assert int(found.verified.sum()) > 2 * challenge.mark * right


def test_what_leaves_the_ball_does_not_count():
    challenge = get(1)
    far = judge(
        Attempt(challenge, attacks.create("pgd", eps=0.9, steps=5), Way.THROUGH), seed=1, n=LEAST
    )
    assert far.outside == far.clean_accuracy.count
    assert far.accuracy.value == 1
    assert not far.success
    assert not far.fallen.any()
    assert (far.after != far.labels).any(), "or nothing was there to be counted"
    near = attacks.create("pgd-l2", eps=1.5, steps=10)
    some = judge(Attempt(challenge, near, Way.THROUGH), seed=1, n=LEAST)
    assert some.outside > 0
    assert not some.fallen[~some.inside].any()
    assert (some.length[some.inside] <= challenge.eps + 1e-6).all()


def test_pictures_beyond_the_range_do_not_count(monkeypatch):
    challenge = get(1)
    attack = challenge.weapon("fgsm")
    run = type(attack).run

    def beyond(self, *args, **options):
        record = run(self, *args, **options)
        record.x_adv = args[1] + 0.1
        return record

    monkeypatch.setattr(type(attack), "run", beyond)
    verdict = judge(Attempt(challenge, attack, Way.TRANSFER), seed=1, n=LEAST)
    assert (verdict.length < challenge.eps).all()
    assert not verdict.inside.any(), "each digit has a white pixel"


def test_pictures_are_held_out_and_drawn_by_the_seed():
    challenge = get(1)
    one, again, other = (
        judge(Attempt(challenge, challenge.weapon("pgd", steps=2), Way.THROUGH), seed=seed, n=LEAST)
        for seed in (3, 3, 4)
    )
    assert min(one.numbers) >= TRYING
    assert len(set(one.numbers)) == one.n == LEAST
    assert one.numbers == again.numbers != other.numbers
    assert one.attempt.attack.seed == 3
    assert other.attempt.attack.seed == 4
    assert torch.equal(one.adversarial, again.adversarial)
    images, labels = (x[list(one.numbers)] for x in digits.load("test"))
    assert torch.equal(one.clean, images)
    assert torch.equal(one.labels, labels)


def test_the_picture_that_is_tried_gets_what_it_gets_in_a_batch():
    challenge = get(2)
    attack = challenge.weapon("bim", steps=5)
    alone = try_out(Attempt(challenge, attack, Way.THROUGH), 7)
    arena = challenge.load()
    images, labels = (x[:20] for x in digits.load("test"))
    together = attack.run(arena.deployed, images, labels, adaptive=True).x_adv
    assert torch.allclose(alone.adversarial[0], together[7], atol=1e-6)
    assert alone.numbers == (7,)
    assert not alone.success, "one picture is no verdict"


def test_who_follows_a_jpeg_file_has_no_gradient():
    verdict = try_out(Attempt(get(1), get(1).weapon("pgd", steps=5), Way.AS_IT_IS), 0)
    assert verdict.zero_gradients == verdict.steps == 5


def test_chance_is_judged_on_fresh_draws():
    assert answered(3).draws == 10
    assert answered(6).draws == 5
    assert answered(1).draws == 1


@pytest.mark.parametrize("n", [LEAST - 1, 351])
def test_too_few_or_too_many_pictures_are_refused(n):
    with pytest.raises(ValueError, match="n must be a whole number from 50 to 350"):
        judge(Attempt(get(1), get(1).weapon("fgsm"), Way.TRANSFER), seed=0, n=n)


@pytest.mark.parametrize("number", [-1, TRYING])
def test_pictures_of_a_verdict_cannot_be_tried(number):
    with pytest.raises(ValueError, match="number must be a whole number from 0 to 99"):
        try_out(Attempt(get(1), get(1).weapon("fgsm"), Way.TRANSFER), number)


def test_progress_counts_pictures_and_ends_the_verdict():
    seen = []
    challenge = get(1)
    attempt = Attempt(challenge, challenge.weapon("fgsm"), Way.TRANSFER)
    judge(attempt, seed=0, n=LEAST, progress=lambda *k: seen.append(k))
    assert seen[0] == (0, LEAST)
    assert {n for _, n in seen} == {LEAST}

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(attempt, seed=0, n=LEAST, progress=stop)


def test_a_challenge_whose_pictures_are_missing_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    with pytest.raises(DataMissing):
        judge(Attempt(get(4), get(4).solution, get(4).way), seed=0)


@pytest.mark.slow
@pytest.mark.skipif(not get(4).record.available(), reason="needs the pictures of CIFAR-10")
def test_a_distilled_network_falls_on_its_logits_and_to_no_cross_entropy():
    challenge = get(4)
    assert answered(4).success
    naive = judge(
        Attempt(challenge, challenge.weapon("pgd", steps=20), Way.AS_IT_IS), seed=5, n=LEAST
    )
    assert not naive.success
    assert naive.zero_gradients > naive.steps / 2
