"""The attack behind the curtain: the live curve is the record's, and the counter counts what is asked."""

import math

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.attacks.knowledge import BY_QUERIES, LABELS
from robust_core.data.fitting import to_tensor
from robust_core.experiment.queried import Curtain, points_of, query
from robust_core.experiment.with_gradients import by_distance, by_margin, mark

NAMES = [n for n in attacks.local_names() if attacks.get(n).knowledge in BY_QUERIES]
MOST = 150


@pytest.fixture(scope="module")
def model():
    return zoo.load("digits-cnn", "cpu")


@pytest.fixture(scope="module")
def pixels():
    images, _ = zoo.spec("digits-cnn").record.pictures("test")
    return (images[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def create(name: str):
    attack = attacks.get(name)
    return attack(max_queries=MOST, **({"eps": 0.2} if attack.has_eps else {}))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_seen_live_is_the_record(name, model, pixels):
    looks, steps, asked = [], [], []

    attack = create(name)
    counting = zoo.load("digits-cnn", "cpu")
    handle = counting.register_forward_pre_hook(lambda _, given: asked.append(given[0]))
    try:
        found = query(
            counting,
            pixels,
            attack,
            progress=lambda k, n: steps.append((k, n)),
            show=looks.append,
        )
    finally:
        handle.remove()
    clean = to_tensor(pixels)
    direct = attack.run(model, clean, model(clean).argmax(1))
    assert found.points == points_of(direct.curve)
    assert found.queries == int(direct.queries_forward[0]) <= MOST
    assert found.first == (int(direct.queries_to_success[0]) if direct.success[0] else None)
    assert (found.what == "distance") is (attack.knowledge == LABELS)
    # before and after the attack: the clean picture, the judge's pass, and the answer that is shown
    assert sum(map(len, asked)) == found.queries + 3
    assert steps[-1] == (found.queries, MOST)
    assert looks
    for look in looks:
        assert look.points == tuple(p for p in found.points if p[0] <= look.queries)
        assert look.first in (None, found.first)
    numbers = [look.queries for look in looks]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_says_no_more_than_the_attacker_may_know(name, model, pixels):
    looks = []
    query(model, pixels, create(name), show=looks.append)
    for look in looks:
        if attacks.get(name).knowledge == LABELS:
            assert len(look.answer) == 1
            assert math.isnan(look.answer[0].confidence)
        else:
            assert len(look.answer) == 3
            assert 0 < sum(guess.confidence for guess in look.answer) <= 1 + 1e-9


@pytest.mark.parametrize("name", ["hopskipjump", "simba"])
def test_the_best_picture_is_where_the_curve_says(name, model, pixels):
    looks = []
    found = query(model, pixels, create(name), show=looks.append)
    assert found.success
    assert found.after.index != found.label.index
    if found.what == "distance":
        assert found.points[-1][1] == pytest.approx(found.l2, rel=1e-5)
        for look in (each for each in looks if each.points):
            far = (look.best.float() - torch.from_numpy(pixels)).norm().item() / 255
            assert far == pytest.approx(look.points[-1][1], abs=0.06)  # rounded to 8 bits
    assert found.within(math.inf) == found.points[0][0]
    assert found.within(-math.inf) is None


def test_a_stopped_attack_raises_and_an_attack_with_gradients_is_refused(model, pixels):
    def stop(k, n):
        if k >= 40:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        query(model, pixels, create("square-l2"), progress=stop)
    with pytest.raises(ValueError, match="by scores or labels; got pgd"):
        query(model, pixels, attacks.create("pgd"))


def test_the_curtain_hands_on_what_the_model_says(model, pixels):
    heard = []
    images = to_tensor(pixels)
    answers = Curtain(model, lambda *each: heard.append(each))(images)
    assert torch.equal(answers, model(images))
    assert torch.equal(heard[0][0], images)
    with pytest.raises(ValueError, match="8, 8"):
        Curtain(model, print).check_pictures(torch.zeros(1, 1, 9, 9))


def test_the_marks_are_what_gradients_reach(model, pixels):
    images = to_tensor(pixels)
    label = model(images).argmax(1)
    for attack in (by_distance("l2", 64), by_distance("linf", 64), by_margin("linf", 0.2)):
        steps = []
        found = mark(model, pixels, attack, progress=lambda k, n, s=steps: s.append(k))
        record = attack.run(model, images, label)
        assert found.passes == (int(record.queries_forward[0]), int(record.queries_backward[0]))
        assert steps
        if attack.has_eps:
            logits = model(record.x_adv).double()
            others = logits.scatter(1, label[:, None], -torch.inf).amax(1)
            assert found.value == pytest.approx((others - logits[:, label[0]]).item(), rel=1e-6)
        else:
            assert found.value == pytest.approx(getattr(record, attack.norm).item())
    assert by_distance("l2", 3 * 224 * 224).name == "deepfool"
