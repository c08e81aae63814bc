"""Live training: what a plan decides, what is told on the way, and what the presets show."""

from dataclasses import replace

import pytest
import torch

from robust_core import zoo
from robust_core.dashboard.live_training.words import PRESETS
from robust_core.training.live import train
from robust_core.training.live.train import METHODS, Plan, Trained, train_live


def weights(trained: Trained) -> list[torch.Tensor]:
    return list(trained.model.state_dict().values())


def same(one: Trained, other: Trained) -> bool:
    return all(map(torch.equal, weights(one), weights(other)))


@pytest.fixture(autouse=True)
def _few(few_digits, monkeypatch):
    """Fewer pictures to learn from and to measure on: what is tested does not depend on how many."""
    few_digits(train=320, test=100)
    monkeypatch.setattr(train, "WATCHED", 20)
    monkeypatch.setattr(train, "FINAL_STEPS", 5)


def test_alpha_one_is_clean_training_to_the_last_bit():
    adversarial = train_live(Plan(alpha=1.0, epochs=2))
    clean = train_live(Plan(method="clean", epochs=2))
    assert same(adversarial, clean)
    assert adversarial.history == clean.history
    assert not same(clean, train_live(Plan(alpha=0.9, epochs=2)))


def test_the_same_plan_gives_the_same_weights_whatever_torch_has_drawn():
    plan = Plan(epochs=1, random_start=True)
    state = torch.random.get_rng_state()
    first = train_live(plan)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(5)
    assert same(first, train_live(plan))
    assert not same(first, train_live(replace(plan, seed=1)))


def test_eps_zero_changes_no_picture():
    """FGSM with a random start of size 0 and PGD of eps 0 both learn from the pictures as they are."""
    still = Plan(eps=0.0, alpha=0.0, epochs=1)
    one, other = train_live(still), train_live(replace(still, method="pgd"))
    assert same(one, other)
    at = one.final
    assert at.clean == at.fgsm == at.pgd


@pytest.mark.parametrize("method", METHODS)
def test_every_method_tells_all_its_epochs_and_gives_a_classifier(method):
    plan, told, steps = Plan(method=method, epochs=2), [], []
    trained = train_live(plan, progress=lambda k, n: steps.append((k, n)), watch=told.append)
    assert [len(history) for history in told] == [1, 2, 3]
    assert told[-1] == trained.history
    assert [epoch.number for epoch in trained.history] == [0, 1, 2]
    total = 10 * 2 * (2 if method in ("distillation", "static") else 1)
    assert steps == [(k, total) for k in range(total + 1)]
    model = trained.model
    assert not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    assert model.class_names == zoo.load("digits-cnn", "cpu").class_names
    assert model.provenance.accuracy == trained.final.clean
    assert trained.final.n == 100
    for epoch in trained.history:
        assert epoch.adversarial_loss >= epoch.clean_loss - 0.05
        assert 0 <= epoch.at.pgd <= epoch.at.clean <= 1


def test_it_begins_with_the_weights_that_were_asked_for():
    own = train_live(Plan(method="clean", start="digits-cnn", epochs=1)).history[0]
    assert own.at.clean > 0.9
    assert train_live(Plan(method="clean", epochs=1)).history[0].at.clean < 0.4
    shared = zoo.load("digits-cnn", "cpu")
    assert not any(weight.requires_grad for weight in shared.parameters())


def test_the_shared_network_is_not_changed():
    before = [value.clone() for value in zoo.load("digits-cnn", "cpu").state_dict().values()]
    train_live(Plan(start="digits-cnn", epochs=1))
    after = zoo.load("digits-cnn", "cpu").state_dict().values()
    assert all(map(torch.equal, before, after))


def test_what_a_method_does_not_have_is_no_choice_of_it():
    plan = Plan(method="distillation")
    assert replace(plan, alpha=0.1, steps=2, start="digits-cnn").choices == plan.choices
    assert replace(plan, temperature=3.0).choices != plan.choices


@pytest.mark.parametrize("which", ["progress", "watch"])
def test_raising_from_a_callback_ends_it(which):
    calls = []

    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train_live(Plan(epochs=3), **{which: stop})
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "gan"),
        ("eps", 1.5),
        ("alpha", -0.1),
        ("weight", float("nan")),
        ("steps", 99),
        ("temperature", 0.0),
        ("start", "zero"),
        ("epochs", 0),
        ("seed", -1),
    ],
)
def test_a_bad_value_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        Plan(**{name: value})


def test_adversarial_training_withstands_pgd_where_clean_training_does_not():
    plan = Plan(method="pgd", eps=0.15, steps=2, epochs=12)
    robust, clean = train_live(plan), train_live(replace(plan, method="clean"))
    assert robust.final.pgd > clean.final.pgd + 0.2


def test_temperature_raises_the_share_of_zero_gradients_and_moves_no_boundary():
    plain, hot = (
        train_live(Plan(method="distillation", temperature=t, epochs=6)).final for t in (1.0, 100.0)
    )
    assert plain.zero_gradients < 0.05
    assert hot.zero_gradients > 0.5
    assert hot.masked > hot.pgd + 0.3, "through the softmax it looks robust"
    assert plain.masked is None or plain.masked == pytest.approx(plain.pgd, abs=0.1)


def test_the_preset_of_catastrophic_overfitting_shows_it(monkeypatch):
    """On all pictures, with the page's own numbers: this is the claim."""
    monkeypatch.undo()
    final = train_live(PRESETS["catastrophic"].plan).final
    assert final.n == 450
    assert final.fgsm > 0.4
    assert final.pgd < 0.1
    assert final.clean > 0.9


def test_copies_made_once_are_learned_and_a_fresh_attack_is_not(monkeypatch):
    """On all pictures: measured 91 % of the old copies (7 % before), 3 % under PGD (0 %)."""
    monkeypatch.undo()
    trained = train_live(Plan(method="static", eps=0.2, epochs=3))
    base = train.measure(zoo.load("digits-cnn", "cpu"), 0.2)
    at = trained.final
    assert at.old > base.old + 0.6
    assert at.pgd < base.pgd + 0.15
    assert at.fgsm < at.old - 0.5, "the same attack, made again"
    assert at.clean > 0.95


def test_old_copies_are_fgsm_on_the_undefended_network():
    for split in ("test", "train"):
        base = train.measure(zoo.load("digits-cnn", "cpu"), 0.15, split=split)
        assert base.old == base.fgsm
