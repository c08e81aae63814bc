"""Run-time flags: each on a model built to raise it, and on one that does not."""

import cProfile
import pstats
import sys

import pytest
import torch
from torch import Tensor, nn

from robust_core import attacks, defenses
from robust_core.contract import DEPENDS_ON_BATCH
from robust_core.evaluation.flags import PICTURES, QUESTIONS, run_time_flags
from robust_core.probabilities import NOTICES

SHAPE = (3, 4, 4)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1))


class Plain(nn.Module):
    """A linear model, which raises no flag."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn(classes, 48, generator=draw))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight.T


class Noisy(Plain):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images + 0.1 * torch.randn_like(images))


class Softmax(Plain):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).softmax(1)


class Hard(Plain):
    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        return nn.functional.one_hot(logits.argmax(1), logits.shape[1]).float()


class Rounded(Plain):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward((255 * images).round() / 255)


class Purified(Plain):
    """Moves a picture along a gradient before it answers."""

    def forward(self, images: Tensor) -> Tensor:
        with torch.enable_grad():
            x = images.detach().requires_grad_()
            (slope,) = torch.autograd.grad(super().forward(x).logsumexp(1).sum(), x)
        return super().forward(images + 0.01 * slope.sign())


class Backward(Plain):
    """The same through ``Tensor.backward``."""

    def forward(self, images: Tensor) -> Tensor:
        with torch.enable_grad():
            x = images.detach().clone().requires_grad_()
            x.square().sum().backward()
        return super().forward(images - 0.01 * x.grad)


class Centred(Plain):
    """Subtracts the mean of the batch, not by batch normalisation."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images - images.mean(0))


class Batchwise(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.BatchNorm2d(3, track_running_stats=False), Plain())


def named_grad() -> None:
    """A function of the model's own that is only called like one of torch's."""


class CalledGrad(Plain):
    def forward(self, images: Tensor) -> Tensor:
        grad = backward = named_grad
        grad()
        backward()
        return super().forward(images)


def raised(model, images) -> set[str]:
    return {flag.name for flag in run_time_flags(model, images).raised}


@pytest.mark.parametrize("model", [Plain(), CalledGrad(), Plain().double()])
def test_an_ordinary_model_raises_none(model, images):
    flags = run_time_flags(model, images)
    assert [flag.name for flag in flags.each] == list(QUESTIONS)
    assert [flag.raised for flag in flags.each] == [False] * len(QUESTIONS)
    assert flags.n == PICTURES
    assert flags.sentences == ()


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Noisy(), {"random"}),
        (Softmax(), {"softmax"}),
        (Hard(), {"softmax", "no-gradient"}),
        (Rounded(), {"no-gradient"}),
        (Purified(), {"inner-optimisation"}),
        (Backward(), {"inner-optimisation"}),
        (Plain(classes=3), {"few-classes"}),
        (Plain(classes=2), {"few-classes"}),
        (Centred(), {"batch"}),
        (Batchwise(), {"batch"}),
    ],
)
def test_each_is_raised_by_a_model_built_for_it(model, names, images):
    assert raised(model, images) == names
    assert all(s.endswith(".") and "\n" not in s for s in run_time_flags(model, images).sentences)


@pytest.mark.parametrize(
    ("name", "parameters", "fewest"),
    [
        ("fgsm", {}, 0),
        ("pgd", {}, 0),
        ("pgd", {"loss": "dlr"}, 3),
        ("apgd", {"loss": "dlr"}, 3),
        ("pgd-t", {"loss": "margin"}, 0),
        ("apgd-t", {}, 4),
        ("apgd-t", {"loss": "ce"}, 0),
        ("auto", {}, 4),
    ],
)
def test_few_classes_matter_where_the_attack_uses_dlr(name, parameters, fewest, images):
    attack = attacks.create(name, **parameters)
    for classes in (2, 3, 4):
        flag = run_time_flags(Plain(classes), images, attack=attack)["few-classes"]
        assert flag.raised is (classes < fewest)


def test_sentences_that_notices_have_are_the_same(images):
    assert run_time_flags(Softmax(), images)["softmax"].sentence == NOTICES["probabilities"]
    assert run_time_flags(Hard(), images)["softmax"].sentence == NOTICES["labels"]
    assert run_time_flags(Batchwise(), images)["batch"].sentence == DEPENDS_ON_BATCH


def test_unanimous_votes_on_a_few_pictures_do_not_hide_a_random_defence(
    digits_model, digit_pictures
):
    defended = defenses.create("smoothing", sigma=0.01, n=100, trained=False)(digits_model)
    found = run_time_flags(defended, digit_pictures[0])
    assert found.is_random
    assert "draws at random, although" in found["random"].sentence


def test_of_chance_the_batch_cannot_be_told_apart(images):
    assert run_time_flags(Noisy(), images)["batch"].raised is None


def test_saturated_logits_have_a_gradient_still(images):
    """The checklist's own sign is of the softmax; this flag is of a margin."""
    model = Plain()
    with torch.no_grad():
        model.weight *= 1e4
    assert raised(model, images) == set()


@pytest.mark.parametrize(
    ("name", "names"),
    [("random-resize-pad", {"random"}), ("bit-depth", {"no-gradient"}), ("median", set())],
)
def test_defences(name, names, digits_model, digit_pictures):
    images, _ = digit_pictures
    defended = defenses.create(name)(digits_model)
    assert raised(defended, images) >= names
    assert "batch" not in raised(defended, images)
    flags = run_time_flags(defended, images, attacked=defended.adaptive)
    assert not flags["no-gradient"].raised


def test_nothing_is_left_behind(images):
    model = Noisy().train()
    state, profile = torch.random.get_rng_state(), sys.getprofile()
    run_time_flags(model, images)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert sys.getprofile() is profile
    assert model.training
    assert model.weight.grad is None


def afterwards() -> None:
    """What a profiler should see."""


def test_a_profiler_goes_on(images):
    with cProfile.Profile() as profile:
        run_time_flags(Plain(), images)
        afterwards()
    assert "afterwards" in {name for _, _, name in pstats.Stats(profile).stats}


def test_the_same_pictures_give_the_same_flags(images):
    assert run_time_flags(Noisy(), images) == run_time_flags(Noisy(), images)


def test_pictures_of_another_range_are_refused(images):
    with pytest.raises(ValueError, match="images"):
        run_time_flags(Plain(), 255 * images)
