"""SafetyNet: discrete codes, the machine's own value, and a gradient that gets past both."""

import pytest
import torch
from torch import Tensor

from robust_core import zoo
from robust_core.attacks.pair.dynamic import Dynamic
from robust_core.detectors import METHODS, SafetyNet
from robust_core.detectors.measure import area
from robust_core.detectors.safetynet import Machine, Quantiser, features

POINTS = ("AD(3)", "AD(4)")
ENTRY = {"recipe": {"points": list(POINTS)}, "threshold": 0.25}


def pictures(n: int = 24, seed: int = 0) -> Tensor:
    """Smooth random pictures."""
    coarse = torch.rand(n, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, 32, mode="bilinear")


def made(classifier, levels: int = 4, gamma: float | None = None) -> dict[str, Tensor]:
    """Tensors of a machine whose first prototypes are codes of pictures, the others of noise."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.rand(12, 3, 32, 32, generator=generator)
    read = features(classifier, torch.cat([pictures(12), noise]), POINTS).double()
    shares = torch.arange(1, levels, dtype=torch.float64) / levels
    thresholds = torch.quantile(read, shares, dim=0).T.contiguous()
    scales = read.std(0)
    codes = Quantiser(thresholds, scales).hard(read)
    apart = torch.pdist(codes).square().median()
    return {
        "thresholds": thresholds,
        "scales": scales,
        "prototypes": codes.to(torch.uint8),
        "coefficients": torch.cat([-torch.ones(12), torch.ones(12)]).double(),
        "intercept": torch.tensor([0.3]),
        "gamma": torch.tensor([gamma if gamma else 1 / (2 * apart.item())]).double(),
    }


@pytest.fixture(scope="module")
def tensors(resnet):
    return made(resnet)


@pytest.fixture(scope="module")
def detector(resnet, tensors) -> SafetyNet:
    return SafetyNet.from_entry(resnet, tensors, ENTRY)


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_codes_are_whole_numbers_below_the_levels(resnet, levels):
    detector = SafetyNet.from_entry(resnet, made(resnet, levels), ENTRY)
    codes = detector.codes(pictures(seed=5))
    assert codes.shape == (24, 32 + 64)
    assert set(codes.unique().tolist()) <= set(range(levels))
    assert codes.unique().numel() == levels == detector.quantiser.levels
    assert not codes.requires_grad


def test_a_code_counts_the_thresholds_below_a_feature():
    quantiser = Quantiser(torch.tensor([[0.0, 1.0, 2.0], [1.0, 1.0, 5.0]]), torch.ones(2))
    values = torch.tensor([[-1.0, 1.0], [0.0, 1.1], [0.5, 5.0], [1.5, 6.0], [9.0, 0.0]])
    expected = [[0, 0], [0, 2], [1, 2], [2, 3], [3, 0]]
    assert quantiser.hard(values).tolist() == expected
    assert quantiser(values).tolist() == expected


def test_tiny_noise_changes_no_code(detector):
    x = pictures(seed=5)
    noise = 1e-6 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    read = features(detector.classifier, x, POINTS)
    edge = (read.unsqueeze(-1) - detector.quantiser.thresholds).abs().amin(-1)
    inside = edge > 1e-4  # of a region where the code is constant: nearly all features are
    assert inside.double().mean() > 0.95
    assert torch.equal(detector.codes(x)[inside], detector.codes(x + noise)[inside])


def test_smooth_codes_become_the_hard_ones():
    thresholds = torch.tensor([[0.0, 1.0, 2.0]]).double()
    values = torch.linspace(-1, 3, 41).double().unsqueeze(1)
    values = values[((values - thresholds).abs() > 0.05).all(1)]
    one = torch.ones(1).double()
    hard = Quantiser(thresholds, one).hard(values)
    errors = [
        (Quantiser(thresholds, one, s).smooth(values) - hard).abs().max().item()
        for s in (0.5, 0.1, 0.02, 0.004)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-5
    smooth = Quantiser(thresholds, one, 0.3).smooth(values)
    assert (smooth.diff(dim=0) > 0).all()


def test_the_logit_has_the_true_value(detector):
    x = pictures(seed=5)
    codes, machine = detector.codes(x), detector.machine
    squares = (codes.unsqueeze(1) - machine.prototypes).square().sum(2)
    value = torch.exp(-machine.gamma * squares) @ machine.coefficients + machine.intercept
    torch.testing.assert_close(detector.hard_logit(x).double(), value, atol=1e-6, rtol=0)
    assert torch.equal(detector.logit(x), detector.hard_logit(x))
    assert torch.equal(detector(x), detector.logit(x))
    assert torch.equal(detector.score(x), detector.hard_logit(x).sigmoid())


def test_distances_are_exact(detector):
    codes = detector.codes(pictures(seed=5))
    apart = (codes.unsqueeze(1) - detector.machine.prototypes).square().sum(2)
    assert torch.equal(detector.machine.distances(codes), apart)


def test_both_are_the_two_answers_by_one_pass(detector, resnet):
    x, calls = pictures(4), []
    handle = resnet.network.stage1.register_forward_hook(lambda *_: calls.append(1))
    logits, logit = detector.both(x)
    handle.remove()
    assert len(calls) == 1
    assert torch.equal(logits, resnet(x))
    assert torch.equal(logit, detector.logit(x))


def test_a_prototype_scores_higher_than_a_far_code():
    prototypes = torch.zeros(3, 50).double()
    prototypes[:, :2] = torch.tensor([[0, 0], [0, 1], [1, 0]])
    machine = Machine(prototypes, torch.ones(3).double(), -0.5, 1 / 8)
    far = torch.full((1, 50), 3.0).double()
    assert (machine(prototypes) > machine(far)).all()
    assert machine(far).item() == pytest.approx(-0.5)


def test_far_codes_have_no_gradient_in_the_machine_and_one_that_helps_beside_it():
    """A narrow kernel is flat far away; the derivative of the wide one leads to the prototype."""
    prototype = torch.full((1, 40), 3.0).double()
    machine = Machine(prototype, torch.ones(1).double(), 0.0, 0.5)
    far = torch.zeros(1, 40).double().requires_grad_()
    (true,) = torch.autograd.grad(machine(far).sum(), far)
    (useful,) = torch.autograd.grad(machine.reachable(far).sum(), far)
    assert true.abs().max() < 1e-30
    assert useful.min() > 1e-3
    assert torch.equal(machine.reachable(far), machine(far))
    near = prototype.clone() - 0.1
    near.requires_grad_()
    gradients = [torch.autograd.grad(f(near).sum(), near)[0] for f in (machine, machine.reachable)]
    assert torch.equal(*gradients)  # near the prototypes it is the machine's own


@pytest.mark.parametrize("gamma", [None, 0.5])
def test_every_picture_has_a_gradient_through_the_surrogate(resnet, gamma):
    """Also with a kernel so narrow that all values are the intercept."""
    detector = SafetyNet.from_entry(resnet, made(resnet, gamma=gamma), ENTRY)
    x = pictures(4, seed=5).requires_grad_()
    (gradient,) = torch.autograd.grad(detector.logit(x).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).norm(dim=1) > 1e-6).all()
    assert not detector.hard_logit(x).requires_grad


def test_the_surrogate_leads_an_attack_to_a_lower_true_value(detector, resnet):
    """From pictures of noise, which this machine takes for adversarial."""
    x = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    assert (detector.hard_logit(x) > 0).all()
    hide = Dynamic(eps=8 / 255, steps=5, sigma=1, detector=detector)
    hidden = hide(resnet, x, resnet(x).argmax(1))
    assert (detector.hard_logit(hidden) < detector.hard_logit(x) - 0.1).all()


def test_clean_against_clean_is_chance(detector):
    clean = detector.score(pictures(40, seed=7))
    assert area(clean, clean) == pytest.approx(0.5)
    assert abs(area(clean[::2], clean[1::2]) - 0.5) < 0.25


def test_an_entry_makes_the_detector(detector, resnet, tensors):
    again = METHODS.get("safetynet").from_entry(resnet, tensors, ENTRY)
    assert (again.threshold, again.points) == (0.25, POINTS)
    x = pictures(4)
    assert torch.equal(again.score(x), detector.score(x))
    assert torch.equal(again.flags(x), again.score(x) > 0.25)
    with pytest.raises(KeyError):
        SafetyNet.from_entry(resnet, {k: v for k, v in tensors.items() if k != "gamma"}, ENTRY)


def test_the_classifier_stays_what_it_was(resnet, tensors):
    x = pictures(4)
    before = {k: v.clone() for k, v in resnet.state_dict().items()}
    logits = resnet(x)
    detector = SafetyNet.from_entry(resnet, tensors, ENTRY)
    detector.score(x)
    assert detector.train() is detector
    assert not any(module.training for module in detector.modules())
    assert torch.equal(resnet(x), logits)
    assert all(torch.equal(v, before[k]) for k, v in resnet.state_dict().items())


def test_pictures_of_another_precision(detector):
    x = pictures(4)
    assert detector.logit(x.double()).dtype == torch.float32
    torch.testing.assert_close(detector.score(x.double()), detector.score(x))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipe": {"points": ["AD(9)"]}}, r"points of cifar10-resnet32 must be some of AD\(0\)"),
        ({"recipe": {"points": ["AD(3)", "AD(3)"]}}, "each once"),
        ({"threshold": 1.5}, "threshold must be a score"),
    ],
)
def test_entries_that_cannot_be_are_refused(resnet, tensors, change, words):
    with pytest.raises(ValueError, match=words):
        SafetyNet.from_entry(resnet, tensors, ENTRY | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"thresholds": torch.tensor([[1.0, 0.0]])}, "thresholds must be"),
        ({"scales": torch.zeros(96)}, "scales must be 96 numbers above 0"),
        ({"gamma": torch.tensor([0.0])}, "gamma must be above 0"),
        ({"coefficients": torch.ones(3)}, "prototypes must be"),
        ({"prototypes": torch.ones(24, 5)}, "the quantiser has 96 features, the machine 5"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(resnet, tensors, change, words):
    with pytest.raises(ValueError, match=words):
        SafetyNet.from_entry(resnet, tensors | change, ENTRY)


def test_a_classifier_without_points_is_refused(tensors):
    with pytest.raises(ValueError, match="has no attachment points"):
        SafetyNet.from_entry(zoo.load("digits-cnn", "cpu"), tensors, ENTRY)
