"""Substitute: labels alone, each counted; S by its formula; and what the substitute is worth."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

from robust_core import attacks, goals
from robust_core.attacks.knowledge import TRANSFER
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.transfer.learner import varied
from robust_core.attacks.transfer.substitute import ALONE, judge
from robust_core.evaluation.accuracy import evaluate

QUICK = {"rounds": 3, "epochs": 2, "network": "mlp"}


class Given:
    """A substitute that is there already, for ``maker``."""

    name = "given"

    def __init__(self, network):
        self.network = network

    def build(self, shape, classes):
        return self.network


class Counting:
    """A model that counts the pictures that it is asked about, and cannot be differentiated."""

    def __init__(self, model):
        self.model = model
        self.asked = []

    def __call__(self, x):
        assert not x.requires_grad
        assert not torch.is_grad_enabled()
        self.asked.append(x.clone())
        return self.model(x)

    @property
    def queries(self):
        return sum(map(len, self.asked))


@pytest.fixture(scope="module")
def digits(digits_test):
    """Pictures to start from, and pictures with labels to attack."""
    images, labels = digits_test
    return images[:40], images[40:140], labels[40:140]


def learn(model, start, **parameters):
    return list(attacks.create("substitute", **QUICK | parameters).rounds_on(model, start))


def test_s_doubles_and_each_picture_of_it_is_one_label(digits_model, digits):
    model = Counting(digits_model)
    stages = []
    attack = attacks.create("substitute", **QUICK)
    for stage in attack.rounds_on(model, digits[0]):
        stages.append(stage)
        assert model.queries == stage.queries == stage.size
    assert [stage.size for stage in stages] == [40, 80, 160]
    last = stages[-1]
    assert last.pictures.equal(torch.cat(model.asked))
    assert last.labels.equal(digits_model(last.pictures).argmax(1))
    assert last.pictures[:40].equal(digits[0])
    said = last.network(last.pictures).argmax(1) == last.labels
    assert last.agreement == pytest.approx(said.double().mean().item())


def test_the_record_counts_every_label_and_no_gradient(digits_model, digits):
    start, images, labels = digits
    model = Counting(digits_model)
    attack = attacks.create("substitute", start=attacks.Starts(start), **QUICK)
    adversarial = attack(model, images[:5], labels[:5])
    assert model.queries == 160
    record = attack.run(digits_model, images[:5], labels[:5])
    assert record.queries_forward.tolist() == [160] * 5
    assert record.queries_backward.tolist() == [0] * 5
    assert record.x_adv.equal(adversarial)
    assert record.answers == "labels"
    assert ALONE not in record.notices


def test_the_oracle_holds_it_to_labels_and_to_its_budget(digits_model, digits):
    start, images, labels = digits
    oracle = Oracle(digits_model, images[:2], knowledge=TRANSFER, limit=5)
    assert oracle.beside(start[:5]).equal(one_hot(digits_model(start[:5]).argmax(1), 10).float())
    assert oracle.tally("queries").tolist() == [5, 5]
    aim = goals.Untargeted().bind(labels[:2])
    with pytest.raises(RuntimeError, match="may not take a gradient"):
        oracle.ascent(images[:2], aim, "ce")
    with pytest.raises(RuntimeError, match="may not ask more than its 5 queries"):
        oracle.beside(start[:1])
    own = oracle.own(digits_model)  # of the attacker's own model everything is known, for nothing
    assert own.ascent(images[:2], aim, "ce")[0].any()
    assert oracle.tally("queries").tolist() == [5, 5]


@pytest.mark.parametrize(
    ("parameters", "sizes"),
    [
        ({"reservoir": 50}, [40, 80, 130]),
        ({"max_queries": 100}, [40, 80, 100]),
        ({"max_queries": 80}, [40, 80]),
        ({"max_queries": 39}, []),
    ],
    ids=str,
)
def test_reservoir_and_budget_bound_what_is_asked(parameters, sizes, digits_model, digits):
    model = Counting(digits_model)
    assert [stage.size for stage in learn(model, digits[0], **parameters)] == sizes
    assert model.queries == (sizes or [0])[-1]


def test_with_too_few_queries_for_a_start_the_pictures_come_back(digits_model, digits):
    images, labels = digits[1][:5], digits[2][:5]
    record = attacks.create("substitute", max_queries=4).run(digits_model, images, labels)
    assert record.x_adv.equal(images)
    assert record.queries_forward.tolist() == [0] * 5


def test_a_model_and_its_labels_are_the_same_to_it(digits_model, digits):
    start, images, labels = digits
    attack = attacks.create("substitute", start=attacks.Starts(start), **QUICK)

    def hard(x):
        return one_hot(digits_model(x).argmax(1), 10).float()

    assert attack(digits_model, images[:5], labels[:5]).equal(attack(hard, images[:5], labels[:5]))


def test_new_pictures_follow_the_sign_of_the_label_s_logit(linear, pictures):
    """Of a linear substitute that learns nothing: away, away, towards, by lambda, within the box."""
    oracle, own = linear(3), linear(3, seed=1)
    start = pictures(4, low=0, high=1)
    stages = learn(
        oracle, start, rounds=4, epochs=0, period=2, step_size=0.3, maker=Given(own), network="cnn"
    )
    assert [stage.step for stage in stages] == [-0.3, -0.3, 0.3, 0.3]
    for before, after in pairwise(stages):
        slope = own.weight.detach()[before.labels].view_as(before.pictures)
        expected = (before.pictures + before.step * slope.sign()).clamp(0, 1)
        assert after.pictures[: before.size].equal(before.pictures)
        assert after.pictures[before.size :].equal(expected)


@pytest.mark.parametrize("final", ["fgsm", "bim", "pgd", "mi-fgsm"])
@pytest.mark.parametrize("goal", [goals.Untargeted(), goals.Targeted()], ids=lambda goal: goal.name)
def test_where_the_substitute_is_the_model_it_is_the_white_box_attack(
    final, goal, digits_model, digits
):
    images, labels = digits[1][:8], (digits[2][:8] + (goal.name == "targeted")) % 10
    same = {"final": final, "maker": Given(digits_model), "epochs": 0, "rounds": 1}
    mask = (torch.arange(64).view(1, 1, 8, 8) % 8 < 6).float()
    attack = attacks.create("substitute", eps=0.1, **same)
    found = attack.run(digits_model, images, labels, goal, mask=mask)
    expected = attacks.create(final, eps=0.1).run(digits_model, images, labels, goal, mask=mask)
    assert found.x_adv.equal(expected.x_adv)
    assert found.trace.equal(expected.trace)


def test_with_pictures_to_start_from_one_alone_gets_what_it_gets_in_a_batch(digits_model, digits):
    start, images, labels = digits
    attack = attacks.create("substitute", start=attacks.Starts(start), **QUICK)
    together = attack(digits_model, images[:3], labels[:3])
    alone = [attack(digits_model, images[i, None], labels[i, None]) for i in range(3)]
    assert together.equal(torch.cat(alone))


def test_without_any_it_starts_from_those_attacked_and_says_so(digits_model, digits):
    images, labels = digits[1][:5], digits[2][:5]
    model = Counting(digits_model)
    attack = attacks.create("substitute", **QUICK)
    attack(model, images, labels)
    assert model.asked[0].equal(images)
    assert ALONE in attack.run(digits_model, images, labels).notices


def test_an_evaluation_says_so_too(digits_model, digits):
    few = digits[1][:4], digits[2][:4]
    found = evaluate(digits_model, "substitute", *few, eps_list=[0.1], parameters=QUICK)
    assert found["notices"] == [ALONE]
    assert found["rows"][0]["mean_queries"] == 16


def test_it_learns_what_the_model_says_and_fools_it(digits_model, digits):
    """More than noise of the same size, and less than the same attack fools the substitute itself."""
    start, images, labels = digits
    attack = attacks.create("substitute", eps=0.2, rounds=5)
    stages = list(attack.rounds_on(digits_model, start))
    first, last = (
        judge(stage.network, digits_model, images, labels, attack.finish)
        for stage in (stages[0], stages[-1])
    )
    assert first.agreement < last.agreement
    assert last.agreement > 0.75
    noise = attacks.create("noise", eps=0.2)(digits_model, images, labels)
    by_chance = (digits_model(noise).argmax(1) != labels).double().mean().item()
    assert by_chance + 0.1 < last.transfer <= last.white_box


def test_the_training_can_be_watched_and_stopped(digits_model, digits):
    seen = []

    def tell(number, epoch):
        seen.append((number, epoch))
        if (number, epoch) == (1, 1):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(attacks.create("substitute", **QUICK).rounds_on(digits_model, digits[0], tell))
    assert sorted(set(seen)) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert seen == sorted(seen)
    assert len(seen) > len(set(seen)), "there is a word before each batch as well"


def test_pictures_are_mirrored_and_shifted_alike_in_all_channels():
    x = torch.rand(64, 1, 16, 24).repeat(1, 3, 1, 1)
    shown = varied(x, torch.Generator().manual_seed(0))
    assert shown.shape == x.shape
    assert shown[:, 0].equal(shown[:, 2])
    assert shown.equal(varied(x, torch.Generator().manual_seed(0)))
    inside = shown[:, 0, 4:-4, 6:-6].flatten(1)
    ways = (x[:, 0], x[:, 0].flip(2))
    for own, *pair in zip(inside, *ways, strict=True):
        windows = [
            way[2 + i : 10 + i, 3 + j : 15 + j].flatten()
            for way in pair
            for i in range(5)
            for j in range(7)
        ]
        assert sum(own.equal(window) for window in windows) == 1


def test_augmentation_is_for_pictures_alone(digits_model, digits):
    with pytest.raises(ValueError, match="augment"):
        list(
            attacks.create("substitute", augment=True).rounds_on(
                lambda x: x[:, :3], torch.rand(4, 9)
            )
        )


def test_training_leaves_a_given_substitute_as_it_was(digits_model, digits):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    before = network[1].weight.detach().clone()
    stages = learn(digits_model, digits[0], maker=Given(network))
    assert network[1].weight.equal(before)
    assert not stages[0].network[1].weight.equal(stages[1].network[1].weight)


def test_pictures_of_another_size_are_no_start(digits_model, digits):
    attack = attacks.create("substitute", start=attacks.Starts(torch.rand(3, 3, 4, 4)))
    with pytest.raises(ValueError, match=r"^start must be pictures \[1, 8, 8\]"):
        attack(digits_model, digits[1][:2], digits[2][:2])
