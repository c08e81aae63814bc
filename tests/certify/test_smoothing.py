"""Randomised smoothing: closed forms on linear models, independence of the draws, no overclaiming."""

import math
from dataclasses import FrozenInstanceError

import pytest
import torch
from scipy.special import ndtr
from scipy.stats import binom, binomtest
from torch import nn

from robust_core import attacks
from robust_core.certify import Certificate, certified_accuracy, lower, smoothing
from robust_core.certify.smoothing import certificate, certify, predict, radius
from robust_core.certify.voting import BLOCK, NoiseStream, too_few

SHAPE = (3, 4, 5)


def generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def half_space(image: torch.Tensor, distance: float, seed=1):
    """A linear model of two classes; ``image`` is ``distance`` (L2) from the border, on the side of 1."""
    w = torch.randn(image.numel(), generator=generator(seed), dtype=torch.float64)
    w /= w.norm()
    b = distance - (image.double().flatten() @ w).item()

    def model(x: torch.Tensor) -> torch.Tensor:
        value = x.double().flatten(1) @ w + b
        return torch.stack([-value, value], 1)

    return model


@pytest.fixture
def image(pictures) -> torch.Tensor:
    return pictures(1, SHAPE, torch.float32)


class Recorder:
    """Keeps the pictures it is asked about; always gives class 2 of 3."""

    def __init__(self) -> None:
        self.seen = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.clone())
        return torch.tensor([0.0, 1.0, 2.0]).expand(len(x), 3)


# The radius.


@pytest.mark.parametrize(
    ("n", "largest"), [(100, 1.50), (1_000, 2.46), (10_000, 3.20), (100_000, 3.81)]
)
@pytest.mark.parametrize("sigma", [0.25, 1.0])
def test_largest_radius(n, largest, sigma):
    """Section 3.2.2: what all of n draws prove at alpha 0.001, in units of sigma."""
    assert smoothing.largest_radius(n, 0.001, sigma) == pytest.approx(largest * sigma, abs=0.005)
    best = certificate([0, 9], [0, n], sigma=sigma, alpha=0.001)
    assert best.radius == pytest.approx(smoothing.largest_radius(n, 0.001, sigma), rel=1e-9)
    assert certificate([0, 9], [1, n - 1], sigma=sigma, alpha=0.001).radius < best.radius


def test_nine_unanimous_draws_prove_nothing_at_alpha_a_thousandth():
    assert smoothing.largest_radius(9, 0.001, 1.0) == 0
    assert certificate([0, 5], [0, 9], sigma=1.0, alpha=0.001).label is None
    assert smoothing.largest_radius(10, 0.001, 1.0) > 0


@pytest.mark.parametrize("sigma", [0.12, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("distance", [0.01, 0.3, 0.6])
def test_of_a_linear_model_the_radius_is_the_distance(sigma, distance):
    """Its smoothed classifier is itself, and for every sigma the theorem is tight (appendix B)."""
    assert radius(ndtr(distance / sigma), sigma=sigma) == pytest.approx(distance, rel=1e-7)


@pytest.mark.parametrize("sigma", [0.25, 0.5])
def test_by_sampling_it_comes_near_the_distance_from_below(image, sigma):
    distance = 0.4
    for seed in range(10):
        said = certify(half_space(image, distance), image, sigma=sigma, seed=seed, alpha=1e-4)
        assert said.label == 1
        assert 0.88 * distance < said.radius < distance
        assert said.p_lower < said.counts[1] / said.n


def test_radius_grows_with_sigma_and_probability_and_starts_at_a_half():
    assert radius(0.5, sigma=1.0) == radius(0.2, sigma=1.0) == radius(1.0, sigma=0.0) == 0
    grown = [radius(p, sigma=0.5) for p in (0.5001, 0.6, 0.9, 0.999)]
    assert grown == sorted(set(grown))
    assert grown[0] > 0
    assert radius(0.9, sigma=1.5) == pytest.approx(3 * radius(0.9, sigma=0.5), rel=1e-12)


# The certificate.


def test_it_bounds_the_selected_class_with_the_fresh_votes_only():
    said = certificate([90, 10, 0], torch.tensor([700, 200, 100]), sigma=0.5, alpha=0.01)
    assert said.label == said.guess == 0
    assert said.p_lower == lower(700, 1000, 0.01)
    assert said.radius == radius(said.p_lower, sigma=0.5)
    assert (said.counts, said.n, said.alpha, said.sigma) == ((700, 200, 100), 1000, 0.01, 0.5)
    with pytest.raises(FrozenInstanceError):
        said.radius = 1.0


def test_it_abstains_when_the_fresh_votes_do_not_back_the_selection():
    said = certificate([10, 90], [1000, 0], sigma=0.5, alpha=0.01)
    assert (said.label, said.guess, said.radius, said.p_lower) == (None, 1, 0.0, 0.0)


def test_it_abstains_unless_more_than_half_is_proved():
    n, alpha = 1000, 0.001
    for k in range(480, 620):
        said = certificate([0, 1], [n - k, k], sigma=1.0, alpha=alpha)
        proved = binom.sf(k - 1, n, 0.5) < alpha  # this many are too rare for a half
        assert (said.label == 1) == proved == (said.radius > 0)


def test_selection_votes_are_not_used_again(image):
    model = Recorder()
    said = certify(model, image, sigma=0.5, n0=50, n=150, batch=40)
    noise = torch.cat(model.seen) - image
    assert len(noise) == 50 + 150
    assert len(noise.flatten(1).unique(dim=0)) == 200
    assert said.counts == (0, 0, 150)


@pytest.mark.parametrize("n0", [1, 200])
def test_of_a_fair_coin_it_says_a_label_in_at_most_alpha_of_tries(pictures, n0):
    """Reusing the 200 votes of the selection would double the rate."""
    alpha, tries = 0.05, 400
    x = pictures(1, (1, 2, 2), torch.float32)
    model = half_space(x, 0.0)
    said = [certify(model, x, sigma=1.0, n0=n0, n=200, alpha=alpha, seed=s) for s in range(tries)]
    labels = sum(c.label is not None for c in said)
    assert labels <= binom.ppf(0.999, tries, alpha)
    assert labels > 0  # nor does it always abstain


@pytest.mark.parametrize("n", [1, 20, 101])
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_predict_of_a_fair_coin_is_none_but_for_alpha(n, alpha):
    decided = [predict([k, n - k], alpha) is not None for k in range(n + 1)]
    weight = sum(binom.pmf(k, n, 0.5) for k in range(n + 1) if decided[k])
    assert weight <= alpha


def test_predict_compares_the_two_highest():
    assert predict([5, 300, 200], 0.001) == 1
    assert predict([300, 5, 290], 0.001) is None
    assert predict([40, 40, 0], 0.5) is None
    assert predict(torch.tensor([0, 0, 30]), 0.001) == 2
    p = binomtest(62, 100, 0.5).pvalue
    assert predict([62, 38], p) == 0
    assert predict([62, 38], 0.99 * p) is None


def test_no_attack_inside_the_radius_changes_the_smoothed_prediction(digits_model, digit_pictures):
    """PGD on the mean over 16 draws; the same attack far outside does change some."""
    sigma, alpha, n = 0.25, 0.001, 300
    images = digit_pictures[0][:25]
    offsets = sigma * torch.randn(16, *images.shape[1:], generator=generator(7))

    def smoothed(x: torch.Tensor) -> torch.Tensor:  # of one picture
        return digits_model(x + offsets).softmax(1).mean(0, keepdim=True)

    changed = attacked = 0
    for picture in images.split(1):
        said = certify(digits_model, picture, sigma=sigma, n=n, alpha=alpha)
        if said.label is None:
            continue
        attacked += 1
        aim = torch.tensor([said.label])
        for factor in (0.999, 5.0):
            attack = attacks.create("pgd-l2", eps=factor * said.radius, steps=5, loss="margin")
            moved = attack(smoothed, picture, aim)
            found = smoothing.votes(digits_model, moved, sigma=sigma, n=n, generator=generator(1))
            now = predict(found, alpha)
            if factor < 1:
                assert now in (said.label, None)
            else:
                changed += now not in (said.label, None)
    assert attacked >= 15
    assert changed > 5


# The draws.


def test_noise_is_normal_raw_and_not_clipped():
    image = torch.tensor([0.0, 1.0]).repeat(8).view(1, 4, 4)
    model = Recorder()
    smoothing.votes(model, image, sigma=0.3, n=4000, generator=generator())
    x = torch.cat(model.seen)
    noise = (x - image).flatten()
    assert x.min() < -1
    assert x.max() > 2
    assert abs(noise.mean()) < 5 * 0.3 / math.sqrt(len(noise))
    assert noise.std().item() == pytest.approx(0.3, rel=0.02)
    assert torch.equal(image, torch.tensor([0.0, 1.0]).repeat(8).view(1, 4, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4, 5)])
def test_a_stream_of_noise_does_not_depend_on_how_it_is_cut(shape, dtype):
    whole = NoiseStream(shape, dtype, generator()).take(100)
    for sizes in ([1] * 100, [33, 67], [BLOCK, 1, 67], [99, 1]):
        noise = NoiseStream(shape, dtype, generator())
        parts = [noise.take(size) for size in sizes]
        assert [len(p) for p in parts] == sizes
        assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("batch", [1, 7, 32, 100, 1000])
def test_the_batch_size_changes_nothing(image, linear, batch):
    model = linear(5, SHAPE)

    def ask(x: torch.Tensor) -> torch.Tensor:
        return model(x.double())

    expected = certify(ask, image, sigma=0.3, n0=37, n=300)
    assert certify(ask, image, sigma=0.3, n0=37, n=300, batch=batch) == expected
    assert sum(k > 0 for k in expected.counts) > 1  # or the test would say nothing


def test_votes_are_those_of_the_gaussian(image):
    n, distance, sigma = 20_000, 0.2, 0.4
    found = smoothing.votes(
        half_space(image, distance), image[0], sigma=sigma, n=n, generator=generator()
    )
    p = ndtr(distance / sigma)
    assert (found.dtype, found.shape, found.sum().item()) == (torch.int64, (2,), n)
    assert abs(found[1].item() / n - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_the_same_seed_says_the_same_and_pictures_have_their_own_noise(image):
    model = half_space(image, 0.1)
    said = [certify(model, x, sigma=0.5, seed=s, n=500) for x in (image, image[0]) for s in (0, 1)]
    assert said[0] == said[2]
    assert said[0].counts != said[1].counts
    draws = []
    for x in (image, 1 - image):
        recorder = Recorder()
        certify(recorder, x, sigma=1.0, n0=1, n=1)
        draws.append(recorder.seen[0] - x)
    assert not torch.allclose(*draws, atol=0.1)


def test_without_noise_the_model_answers_and_no_radius_is_claimed(image):
    said = certify(half_space(image, 0.1), image, sigma=0.0, n=100)
    assert (said.label, said.radius, said.counts) == (1, 0.0, (0, 100))


def test_half_precision_pictures_are_smoothed_in_single_precision(image):
    model = Recorder()
    smoothing.votes(model, image.bfloat16(), sigma=0.1, n=1, generator=generator())
    assert model.seen[0].dtype == torch.float32


def test_a_model_in_training_is_asked_in_eval_mode_and_restored(image):
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Dropout(0.9), nn.Linear(60, 4))
    model[1].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    modes = [m.training for m in model.modules()]
    said = certify(model, image, sigma=0.5, n=200)
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert certify(model.eval(), image, sigma=0.5, n=200) == said


def test_progress_counts_all_draws_and_may_end_them(image):
    steps = []
    model = Recorder()
    certify(
        model, image, sigma=0.1, n0=10, n=25, batch=10, progress=lambda k, n: steps.append((k, n))
    )
    assert steps == [(10, 35), (20, 35), (30, 35), (35, 35)]
    network = nn.Sequential(nn.Flatten(), nn.Linear(60, 2)).train()

    def leave(k: int, n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certify(network, image, sigma=0.1, progress=leave)
    assert all(m.training for m in network.modules())
    assert not torch.is_inference_mode_enabled()


# Certified accuracy.


def promise(label: int | None, radius: float) -> Certificate:
    return Certificate(
        label=label,
        radius=radius,
        p_lower=0.4 if label is None else 0.9,
        counts=(1, 9),
        n=10,
        alpha=0.001,
        sigma=0.25,
        guess=label or 0,
    )


def test_certified_accuracy_counts_right_labels_with_the_radius():
    said = [promise(1, 0.5), promise(0, 0.9), promise(None, 0.0), promise(1, 0.2)]
    labels = torch.tensor([1, 1, 0, 1])
    assert certified_accuracy(said, labels, [0, 0.2, 0.3, 0.5, 0.51]) == [0.5, 0.5, 0.25, 0.25, 0]


def test_certified_accuracy_never_grows_with_the_radius(image, linear):
    model = linear(4, SHAPE)
    xs = torch.rand(30, *SHAPE, generator=generator())
    said = [certify(lambda z: model(z.double()), x, sigma=0.5, n=200) for x in xs]
    labels = model(xs.double()).argmax(1)
    shares = certified_accuracy(said, labels, [i / 50 for i in range(100)])
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1] == 0


# What is refused.


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"sigma": -0.1}, "sigma"),
        ({"sigma": math.nan}, "sigma"),
        ({"n0": 0}, "n0"),
        ({"n": 0}, "n"),
        ({"n": 10.5}, "n"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"batch": 0}, "batch"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_settings_are_refused_by_name(image, change, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        certify(Recorder(), image, **{"sigma": 0.1, "n": 20} | change)


def test_bad_pictures_and_models_are_refused(image):
    for wrong in (torch.rand(2, *SHAPE), torch.rand(4, 5), 255 * image, image * math.nan, None):
        with pytest.raises(ValueError, match=r"^images? must"):
            certify(Recorder(), wrong, sigma=0.1)
    for answer in (lambda x: x, lambda x: x.flatten(1)[:, :1], lambda x: x.flatten(1) * math.nan):
        with pytest.raises(ValueError, match=r"^model must"):
            certify(answer, image, sigma=0.1)


def test_bad_counts_labels_and_radii_are_refused():
    for counts in ([5], [0, 0], [3, -1], [0.5, 2], 7):
        with pytest.raises(ValueError, match="counts must be"):
            predict(counts, 0.001)
    with pytest.raises(ValueError, match="same classes"):
        certificate([1, 2], [1, 2, 3], sigma=0.1, alpha=0.01)
    with pytest.raises(ValueError, match=r"^labels must be"):
        certified_accuracy([promise(1, 0.1)], [1, 1], [0])
    with pytest.raises(ValueError, match=r"^labels must be"):
        certified_accuracy([], [], [0])
    with pytest.raises(ValueError, match=r"^radii must be"):
        certified_accuracy([promise(1, 0.1)], [1], [-0.1])
    with pytest.raises(ValueError, match=r"^p_lower must be"):
        radius(1.1, sigma=1.0)


@pytest.mark.parametrize(("alpha", "least"), [(0.001, 10), (0.05, 5), (0.5, 2), (0.25, 3)])
def test_too_few_votes_are_known_before_they_are_counted(alpha, least):
    """2^-n < alpha is needed; at equality the bound is 1/2, which is no majority."""
    assert too_few(least, alpha) is None
    assert f"at least {least}." in too_few(least - 1, alpha)
    agreed = torch.tensor([least - 1, 0])
    said = certificate(agreed, agreed, sigma=1.0, alpha=alpha)
    assert said.label is None
    assert said.notices == (too_few(least - 1, alpha),)
    assert certificate(agreed + 1, agreed + 1, sigma=1.0, alpha=alpha).notices == ()
