"""The masking checklist: each of the six signs shows on a model built to have it, none on honest ones."""

import pytest
import torch
from torch import Tensor, nn

from robust_core import defenses
from robust_core.evaluation import masking
from robust_core.evaluation.masking import QUESTIONS, Budget, Finding, checklist

N = 100
SMALL = Budget(steps=10, queries=60, draws=20)
TINY = Budget(steps=2, queries=2, draws=2, radii=(1.0,))


def names(findings: tuple[Finding, ...]) -> set[str]:
    """Those that are suspicious."""
    return {finding.name for finding in findings if finding.suspicious}


def by_name(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


class OneNumber(nn.Module):
    """Two classes by the mean m of a picture: ``margin(m - 0.5)``, positive for class 0."""

    def __init__(self, margin) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, x: Tensor) -> Tensor:
        margin = self.margin(x.flatten(1).mean(1) - 0.5)
        return torch.stack([margin, torch.zeros_like(margin)], 1)


@pytest.fixture
def grey(pictures) -> tuple[Tensor, Tensor]:
    """Pictures that are grey but for a thousandth, all of class 0."""
    images = pictures(N, (1, 4, 4), torch.float32, 0.4995, 0.5005)
    return images, torch.zeros(N, dtype=torch.int64)


class Centred(nn.Module):
    """A linear model of ``x - 0.5``, so that no class has an advantage."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x - 0.5)


@pytest.fixture(scope="module")
def separable(linear, pictures):
    """A linear model and pictures that it is right about, some by little."""
    model = Centred(linear(3, (1, 6, 6), torch.float32))
    images = pictures(N, (1, 6, 6), torch.float32, 0.2, 0.8)
    return model, images, model(images).argmax(1)


@pytest.fixture(scope="module")
def honest(digits_model, digit_pictures) -> tuple[Finding, ...]:
    """The findings on the bundled network for digits, at eps 0.2."""
    return checklist(digits_model, *digit_pictures, eps=0.2, budget=SMALL)


def test_a_linear_model_shows_no_sign(separable):
    model, images, labels = separable
    findings = checklist(model, images, labels, budget=SMALL)
    assert [finding.name for finding in findings] == list(QUESTIONS)
    assert names(findings) == set()


def test_an_honest_network_shows_no_sign(honest):
    assert names(honest) == set()
    numbers = by_name(honest)["no-growth"].numbers
    assert numbers["flipped_4"] > numbers["flipped_2"] > numbers["flipped_0"]


@pytest.mark.parametrize("scale", [1000, 10_000])
def test_scaled_logits_saturate_the_softmax(digits_model, digit_pictures, honest, scale):
    """Accuracy stays as it is, gradients vanish, squares do not care."""
    findings = checklist(lambda x: scale * digits_model(x), *digit_pictures, eps=0.2, budget=SMALL)
    assert {"black-box", "whole-box", "zero-gradients"} <= names(findings)
    assert "one-step" not in names(findings)
    plain, scaled = (by_name(found)["black-box"].numbers for found in (honest, findings))
    assert scaled["n"] == plain["n"]
    assert scaled["square"] == plain["square"]
    assert scaled["bim"] < plain["bim"]


def test_the_share_of_zero_gradients_grows_with_the_scale(digits_model, digit_pictures):
    shares = []
    for scale in (1, 10, 100, 1000):
        found = checklist(lambda x, s=scale: s * digits_model(x), *digit_pictures, budget=TINY)
        shares.append(by_name(found)["zero-gradients"].numbers["share"])
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.5


def test_rounding_shatters_gradients(digits_model, digit_pictures):
    """A network behind ``round(x k) / k`` has no gradient, and no more robustness."""
    findings = checklist(
        lambda x: digits_model((16 * x).round() / 16), *digit_pictures, eps=0.2, budget=SMALL
    )
    assert names(findings) == set(QUESTIONS) - {"one-step"}
    numbers = by_name(findings)["zero-gradients"].numbers
    assert numbers["zero"] == numbers["n"]
    assert by_name(findings)["no-growth"].numbers["flipped_4"] == 0


def test_one_step_beats_many_where_a_hill_stands_between(grey):
    """Small steps stop on the near hill of the loss; one large step lands beyond the valley."""
    eps = 0.1

    def margin(m: Tensor) -> Tensor:  # lowest at 0.02, a ridge at 0.06, negative from 0.09 on
        m = m.abs()
        return torch.where(m < 0.02, 1 - m, torch.where(m < 0.06, 0.96 + m, 3.57 - 42.5 * m + m))

    findings = checklist(OneNumber(margin), *grey, eps=eps, budget=Budget(steps=50, queries=50))
    assert "one-step" in names(findings)
    numbers = by_name(findings)["one-step"].numbers
    assert (numbers["fgsm"], numbers["bim"]) == (numbers["n"], 0)


def test_a_gradient_that_points_the_wrong_way_is_beaten_without_gradients(separable):
    model, images, labels = separable

    def turned(x: Tensor) -> Tensor:  # the same values; the gradient has the other sign
        return model(2 * x.detach() - x)

    findings = by_name(checklist(turned, images, labels, eps=0.1, budget=SMALL))
    assert findings["black-box"].suspicious
    assert findings["black-box"].numbers["bim"] == 0
    assert findings["random-search"].suspicious
    assert findings["whole-box"].suspicious
    assert findings["no-growth"].suspicious
    assert not findings["zero-gradients"].suspicious


def test_transfer_alone_can_be_the_black_box(separable):
    """Few questions leave Square weak; a surrogate with honest gradients is not."""
    model, images, labels = separable

    def shattered(x: Tensor) -> Tensor:
        return model(x.detach())

    budget = Budget(steps=10, queries=1, draws=1, radii=(1.0,))
    alone, both = (
        by_name(checklist(shattered, images, labels, eps=0.1, budget=budget, surrogate=other))
        for other in (None, model)
    )
    assert "transfer" not in alone["black-box"].numbers
    assert both["black-box"].numbers["transfer"] > alone["black-box"].numbers["square"]
    assert both["black-box"].suspicious
    honest = checklist(model, images, labels, eps=0.1, budget=budget, surrogate=model)
    assert not by_name(honest)["black-box"].suspicious


def test_success_that_falls_with_eps_is_a_sign(grey):
    """A band of the other class that larger steps jump over: right again beyond it."""

    def margin(m: Tensor) -> Tensor:
        m = m.abs()
        return torch.where((m > 0.02) & (m < 0.06), -0.1 - m, 1 - m)

    budget = Budget(steps=1, queries=10, draws=1, radii=(0.5, 1.0, 2.0))
    finding = by_name(checklist(OneNumber(margin), *grey, eps=0.05, budget=budget))["no-growth"]
    assert finding.suspicious
    flipped = [finding.numbers[f"flipped_{i}"] for i in range(3)]
    assert flipped == [N, N, 0]
    assert finding.numbers["p_fall"] < 0.05


def test_success_that_is_full_from_the_first_need_not_grow(separable):
    model, images, labels = separable
    budget = Budget(steps=10, queries=10, draws=1, radii=(1.0, 2.0))
    finding = by_name(checklist(model, images, labels, eps=0.5, budget=budget))["no-growth"]
    assert finding.numbers["flipped_0"] == N
    assert not finding.suspicious


@pytest.mark.parametrize(("left", "suspicious"), [(0, False), (3, False), (4, True), (100, True)])
def test_a_picture_or_two_left_in_the_whole_box_are_chance(left, suspicious):
    """At 1 % tolerated: P(4 or more of 100) = 0.018, P(3 or more) = 0.079."""
    assert (masking._exceeds(left, 100) < masking.LEVEL) == suspicious


@pytest.mark.parametrize(
    ("only", "other", "suspicious"), [(4, 0, False), (5, 0, True), (9, 5, False)]
)
def test_a_comparison_counts_beyond_chance_only(only, other, suspicious):
    """McNemar: 5 to 0 has the p-value 1/32, 4 to 0 has 1/16; pictures that both flip do not count."""
    one = torch.tensor([True] * only + [False] * other + [True] * 50)
    two = torch.tensor([False] * only + [True] * other + [True] * 50)
    count, p = masking._beats(one, two)
    assert count == only
    assert (p < masking.LEVEL) == suspicious


def test_sentences_hold_the_numbers(honest):
    for finding in honest:
        assert f"of {finding.numbers['n']} pictures" in finding.sentence
        assert QUESTIONS[finding.name] == finding.question
        assert all(isinstance(value, int | float) for value in finding.numbers.values())
    found = by_name(honest)["one-step"]
    for key in ("fgsm", "bim", "only_fgsm"):
        assert f" {found.numbers[key]}" in found.sentence


def test_pictures_that_are_wrong_to_begin_with_do_not_count(separable):
    model, images, labels = separable
    spoilt = labels.clone()
    spoilt[:40] = (spoilt[:40] + 1) % 3
    some, rest = (
        checklist(model, x, y, eps=0.1, budget=SMALL)
        for x, y in ((images, spoilt), (images[40:], labels[40:]))
    )
    assert some == rest
    assert some[0].numbers["n"] == N - 40


def test_the_same_seed_and_another_batch_give_the_same(digits_model, digit_pictures, honest):
    assert honest == checklist(digits_model, *digit_pictures, eps=0.2, budget=SMALL, batch=37)


def test_progress_ends_at_the_end_and_can_end_it(separable):
    model, images, labels = separable
    seen = []
    checklist(
        *(model, images, labels),
        budget=SMALL,
        batch=40,
        surrogate=model,
        progress=lambda k, n: seen.append((k, n)),
    )
    assert [k for k, _ in seen] == list(range(1, len(seen) + 1))
    assert {n for _, n in seen} == {len(seen)}

    def stop(k: int, n: int) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        checklist(model, images, labels, budget=SMALL, progress=stop)


def test_bad_arguments_are_named(separable):
    model, images, labels = separable
    with pytest.raises(ValueError, match="eps must be above 0"):
        checklist(model, images, labels, eps=0.0)
    with pytest.raises(ValueError, match="radii of budget must rise"):
        checklist(model, images, labels, budget=Budget(radii=(1.0, 0.5)))
    with pytest.raises(ValueError, match="gets none right"):
        checklist(model, images, (labels + 1) % 3)
    with pytest.raises(ValueError, match="labels"):
        checklist(model, images, labels[:3])


def test_a_model_in_training_mode_is_restored(separable):
    _, images, labels = separable
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(36), nn.Linear(36, 3))
    before, labels = net[1].running_mean.clone(), net.eval()(images).argmax(1)
    checklist(net.train(), images, labels, budget=TINY)
    assert net.training
    assert torch.equal(net[1].running_mean, before)


def test_a_random_defence_is_judged_on_fresh_draws(digits_model, digit_pictures, monkeypatch):
    """The best of many random corners fits the draw that it was chosen by: no sign of masked gradients."""
    images, labels = (x[:60] for x in digit_pictures)
    defended = defenses.create("random-resize-pad", smallest=0.7)(digits_model)
    budget = Budget(steps=5, queries=60, draws=60, radii=(1.0,))

    def flipped() -> dict[str, int]:
        found = by_name(checklist(defended, images, labels, eps=0.1, budget=budget))
        search = found["random-search"].numbers
        return {name: search[name] / search["n"] for name in ("noise", "only_noise")}

    judged = flipped()
    monkeypatch.setattr("robust_core.evaluation.masking.is_random", lambda model: False)
    assert judged["noise"] < flipped()["noise"]
