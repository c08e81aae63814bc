"""The ensemble: as strong as the strongest part on every picture, and it asks no more than it must."""

import pytest
import torch

from robust_core import goals
from robust_core.attacks import APGD, APGDT, Auto, DeepFoolLinf, Square
from robust_core.attacks.balls import LinfBall

QUICK = {"steps": 5, "targets": 3, "max_queries": 60}


def succeeds(part, attack, model, images, labels):
    """Whether the part on its own reaches the goal within the ball of the ensemble."""
    adversarial = LinfBall(images, attack.eps).project(part(model, images, labels))
    return model(adversarial).argmax(1) != labels


def test_the_parts_are_those_of_autoattack_but_for_the_third():
    first, second, third, last = Auto().parts
    common = {"eps": 8 / 255, "steps": 100, "restarts": 1, "stop_at_success": True}
    assert first == APGD(loss="ce", **common)
    assert second == APGDT(loss="dlr", targets=9, **common)
    assert third == DeepFoolLinf()
    assert last == Square(eps=8 / 255, max_queries=5000, p_init=0.8)


@pytest.mark.parametrize("eps", [0.06, 0.1, 0.14])
def test_a_picture_is_robust_only_if_every_part_has_failed(digits_model, digits_test, eps):
    images, labels = (x[:150] for x in digits_test)
    attack = Auto(eps=eps, **QUICK)
    success = attack.run(digits_model, images, labels).success
    parts = [succeeds(part, attack, digits_model, images, labels) for part in attack.parts]
    assert success.equal(torch.stack(parts).any(0) | (digits_model(images).argmax(1) != labels))
    assert 0 < success.sum() < len(labels)
    assert all((success | ~part).all() for part in parts)


def test_each_part_asks_about_the_pictures_that_still_stand(digits_model, digits_test):
    images, labels = (x[:100] for x in digits_test)
    labels = labels.clone()
    labels[:10] = (labels[:10] + 1) % 10  # wrong to begin with
    attack = Auto(eps=0.1, **QUICK)
    record = attack.run(digits_model, images, labels)
    assert record.success[:10].all()
    assert record.x_adv[:10].equal(images[:10])
    assert set(record.queries_forward[:10].tolist()) == {1}
    first = attack.parts[0].run(digits_model, images, labels)
    quick = first.success.clone()
    quick[:10] = False
    assert quick.any()
    assert record.x_adv[quick].equal(first.x_adv[quick])
    assert record.queries_forward[quick].equal(1 + first.queries_forward[quick] + 1)
    stand = ~record.success
    assert stand.any()
    assert (record.queries_forward[stand] > 1 + 6 + 1 + 3 * 7 + 60).all()


def test_the_best_of_failed_parts_is_kept(digits_model, digits_test):
    images, labels = (x[:60] for x in digits_test)
    attack = Auto(eps=0.04, **QUICK)
    record = attack.run(digits_model, images, labels)

    def margin(x):
        logits = digits_model(x)
        own = logits.gather(1, labels[:, None])[:, 0]
        return logits.scatter(1, labels[:, None], -torch.inf).amax(1) - own

    stand = ~record.success
    kept = margin(record.x_adv)[stand]
    for part in attack.parts:
        adversarial = LinfBall(images, attack.eps).project(part(digits_model, images, labels))
        assert (kept >= margin(adversarial)[stand] - 1e-4).all()


def test_what_hides_its_gradient_falls_to_the_random_search(digits_model, digits_test):
    images, labels = (x[:60] for x in digits_test)

    def masked(x):
        return digits_model(x.detach()).detach()

    attack = Auto(eps=0.15, **QUICK)
    success = attack.run(masked, images, labels).success
    white_box = [succeeds(part, attack, masked, images, labels) for part in attack.parts[:3]]
    alone = succeeds(attack.parts[3], attack, masked, images, labels)
    assert success.equal(torch.stack([*white_box, alone]).any(0))
    assert success.sum() > torch.stack(white_box).any(0).sum() + 10


def test_deepfool_counts_only_within_the_ball(digits_model, digits_test):
    images, labels = (x[:30] for x in digits_test)
    far = DeepFoolLinf().run(digits_model, images, labels)
    assert far.success.all()
    assert far.linf.max() > 0.06
    record = Auto(eps=0.06, **QUICK).run(digits_model, images, labels)
    assert record.linf.max() <= 0.06 + 1e-6
    assert not record.success.all()


@pytest.mark.parametrize("goal", [goals.Targeted(), goals.LeastLikely()])
def test_a_target_is_reached_by_the_ensemble_where_a_part_reaches_it(
    digits_model, digits_test, goal
):
    images, labels = (x[:60] for x in digits_test)
    targets = (labels + 1) % 10
    attack = Auto(eps=0.25, **QUICK)
    success = attack.run(digits_model, images, targets, goal).success
    parts = [part.run(digits_model, images, targets, goal) for part in attack.parts]
    inside = [part.success & (part.linf <= attack.eps) for part in parts]
    assert all((success | ~reached).all() for reached in inside)
    assert success.sum() > 0


def test_it_stops_at_less_confidence(digits_model, digits_test):
    images, labels = (x[:30] for x in digits_test)
    goal = goals.ConfidenceReduction(threshold=0.6)
    record = Auto(eps=0.15, **QUICK).run(digits_model, images, labels, goal)
    own = digits_model(record.x_adv).softmax(1).gather(1, digits_model(images).argmax(1)[:, None])
    assert record.success.any()
    assert (own[record.success] <= 0.6 + 1e-5).all()
