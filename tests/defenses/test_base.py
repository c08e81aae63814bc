"""A defence is a classifier, and an adaptive attack takes its gradients and its real answers."""

import pytest
import torch

from robust_core import attacks, defenses, goals, zoo
from robust_core.attacks.base import surrogate
from robust_core.classifier import Classifier
from robust_core.contract import notices
from robust_core.parameters import Paper

ANY = [name for name in defenses.names() if not defenses.create(name).refusal("cifar10-resnet32-x")]


def test_every_defence_says_what_it_is():
    for name in defenses.names():
        kind = defenses.get(name)
        assert kind.name == name
        assert kind.kind in defenses.KINDS
        for words in (
            kind.title,
            kind.summary,
            kind.equation,
            kind.broken_by,
            kind.unaware,
            kind.aware,
        ):
            assert words
            assert words.strip() == words
        assert isinstance(kind.paper, Paper)
        assert isinstance(kind.breaker, Paper)
        assert kind.paper.link.startswith("https://arxiv.org/abs/")
        defense = defenses.create(name)
        assert defenses.create(name, **defense.parameters) == defense


def test_filters_and_smoothing_exist_for_every_model():
    assert set(ANY) == {"jpeg", "bit-depth", "median", "tv", "random-resize-pad", "smoothing"}


def test_unknown_names_and_fields():
    with pytest.raises(ValueError, match="defense must be one of jpeg, bit-depth"):
        defenses.create("jpg")
    with pytest.raises(ValueError, match="jpeg has no level; it takes quality, subsampling"):
        defenses.create("jpeg", level=3)
    with pytest.raises(ValueError, match="pgd-at has no eps; it takes none"):
        defenses.create("pgd-at", eps=1)


@pytest.mark.parametrize("name", ANY)
def test_a_defended_model_is_a_classifier(name, digits_model, digit_pictures):
    images, labels = (x[:8] for x in digit_pictures)
    defense = defenses.create(name)
    defended = defense(digits_model)
    assert isinstance(defended, Classifier)
    assert defended.defense is defense
    assert defended.undefended is digits_model
    assert defended.victim is digits_model
    assert defended.class_names == digits_model.class_names
    assert defended.channels == 1
    assert defended.name == f"digits-cnn behind {name}"
    assert not defended.training
    guesses = defended.predict(images)
    with torch.no_grad():
        logits = defended(images)
        assert torch.equal(defended(images), logits)
        for i in range(8):  # alone as in company
            assert torch.allclose(defended(images[i : i + 1])[0], logits[i], atol=1e-5)
    assert [row[0].index for row in guesses] == logits.argmax(1).tolist()
    adversarial = attacks.create("pgd", eps=0.1, steps=2)(defended, images, labels, adaptive=True)
    assert (adversarial - images).abs().max() <= 0.1 + 1e-6


@pytest.mark.parametrize("name", ANY)
def test_an_adaptive_attack_changes_nothing_of_the_model(name, digits_model, digit_pictures):
    images, labels = (x[:4] for x in digit_pictures)
    defended = defenses.create(name)(digits_model)
    before = {key: value.clone() for key, value in digits_model.state_dict().items()}
    attacks.create("pgd", eps=0.1, steps=2)(defended, images, labels, adaptive=True)
    assert all(torch.equal(value, before[key]) for key, value in digits_model.state_dict().items())
    assert all(p.grad is None for p in defended.parameters())
    assert not digits_model.training


def test_an_attack_by_queries_on_random_draws_names_their_seed(digits_model, digit_pictures):
    images, labels = (x[:2] for x in digit_pictures)
    square = attacks.create("square", eps=0.1, max_queries=3)
    auto = attacks.create("auto", eps=0.1, steps=1, targets=1, max_queries=2)

    def told(attack, name, adaptive=False, **fields):
        model = defenses.create(name, **fields)(digits_model)
        return attack.run(model, images, labels, adaptive=adaptive).notices

    for attack in (square, auto):
        (sentence,) = told(attack, "random-resize-pad", seed=7)
        assert "learns from seed 7 of the defence's random draws alone" in sentence
        assert told(attack, "random-resize-pad", adaptive=True, seed=7) == (sentence,)
    assert told(square, "smoothing", n=20) == (sentence.replace("seed 7", "seed 0"),)
    assert told(square, "jpeg") == ()
    assert told(attacks.create("fgsm", eps=0.1), "random-resize-pad") == ()
    inside = defenses.create("random-resize-pad", seed=7)(digits_model)
    both = defenses.create("jpeg")(inside)
    assert square.run(both, images, labels).notices == (sentence,)


def test_votes_too_few_for_a_certificate_are_named_before_they_are_counted(digits_model):
    assert defenses.create("smoothing", n=10).notices(10) == ()
    (sentence,) = defenses.create("smoothing", n=9).notices(10)
    assert sentence.startswith("9 votes cannot give a certificate at alpha 0.001")
    assert notices(defenses.create("smoothing", n=9)(digits_model)) == (sentence,)
    # Twenty bounds at 0.05 / 20 each: 2^-9 is below that.
    assert defenses.create("pixeldp", n=9).notices(10) == ()
    assert "at least 9." in defenses.create("pixeldp", n=8).notices(10)[0]


def test_success_is_that_on_the_model_itself(digits_model, digit_pictures):
    """An attack on something that errs everywhere has not fooled the model for that."""
    images, labels = (x[:6] for x in digit_pictures)

    class Odd(torch.nn.Module):
        def forward(self, x):
            return digits_model(x)

        def adaptive(self, x):
            return -digits_model(x)  # its gradient leads back to the label

    odd = Odd()
    record = attacks.create("fgsm", eps=0.2).run(odd, images, labels, adaptive=True)
    expected = attacks.create("fgsm", eps=0.2)(lambda x: -digits_model(x), images, labels)
    assert torch.equal(record.x_adv, expected)
    with torch.no_grad():
        assert torch.equal(record.success, digits_model(expected).argmax(1) != labels)
    assert not record.success.any()


def test_adaptive_is_the_plain_attack_where_there_is_no_defence(digits_model, digit_pictures):
    images, labels = (x[:6] for x in digit_pictures)
    attack = attacks.create("pgd", eps=0.1, steps=3)
    plain = attack(digits_model, images, labels)
    assert torch.equal(attack(digits_model, images, labels, adaptive=True), plain)
    assert surrogate(digits_model) is digits_model


def test_goals_work_through_a_defence(digits_model, digit_pictures):
    images, labels = (x[:20] for x in digit_pictures)
    defended = defenses.create("bit-depth")(digits_model)
    keep = labels != 3
    targets = torch.full_like(labels[keep], 3)
    attack = attacks.create("pgd", eps=0.5, steps=20)
    adversarial = attack(defended, images[keep], targets, targeted=True, adaptive=True)
    record = attack.run(defended, images[keep], labels[keep], goals.Towards(3), adaptive=True)
    with torch.no_grad():
        assert (defended(adversarial).argmax(1) == 3).float().mean() > 0.7
    assert record.success.float().mean() > 0.7


def test_a_defence_of_a_defended_model(digits_model, digit_pictures):
    images, _ = digit_pictures
    once = zoo.load("digits-cnn-pgd-at", "cpu")
    both = defenses.create("jpeg", quality=50)(once)
    with torch.no_grad():
        assert torch.equal(both(images), once(both.seen(images)))
