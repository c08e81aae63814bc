"""Adversarial objectives: what they are at the ends of their ranges, and closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F

from robust_core.training.objectives import Batch, Clean, FGSMTraining, LambdaTraining, PGDTraining
from robust_core.training.objectives.crafting import ascend, crafting_copy


def value(objective, model, batch, seed=3) -> float:
    return objective.loss(model, Batch(*batch, torch.Generator().manual_seed(seed))).item()


def clean(model, batch) -> float:
    return value(Clean(), model, batch)


def gradients(loss, model) -> list[torch.Tensor]:
    return torch.autograd.grad(loss, list(model.parameters()))


def test_alpha_1_is_clean_training_to_the_last_bit(digits_network, generator):
    from robust_core.data import digits

    images, labels = (part[:32] for part in digits.load("train"))
    before = generator.get_state()
    results = []
    for objective in (Clean(), FGSMTraining(eps=0.1, step=0.1, alpha=1)):
        loss = objective.loss(digits_network, Batch(images, labels, generator))
        results.append([loss.detach(), *gradients(loss, digits_network)])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert torch.equal(generator.get_state(), before)


def test_alpha_0_learns_from_adversarial_pictures_only(model, batch, generator):
    objective = FGSMTraining(eps=0.1, step=0.1, alpha=0, random_start=False)
    x = ascend(crafting_copy(model), *batch, eps=0.1, step=0.1)
    found = objective.loss(model, Batch(*batch, generator))
    expected = F.cross_entropy(model(x), batch[1])
    assert torch.equal(found, expected)
    # No gradient goes through how x was made.
    pairs = zip(gradients(found, model), gradients(expected, model), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1])
@pytest.mark.parametrize("random_start", [False, True])
def test_eps_0_is_the_clean_loss_for_every_alpha(model, batch, alpha, random_start):
    objective = FGSMTraining(eps=0, step=0.1, alpha=alpha, random_start=random_start)
    assert value(objective, model, batch) == pytest.approx(clean(model, batch), abs=1e-12)


def test_the_loss_is_linear_in_alpha(logistic, batch):
    batch = batch[0], batch[1] % 2
    ends = [value(FGSMTraining(eps=0.1, step=0.1, alpha=a), logistic, batch) for a in (0, 1)]
    assert ends[0] > ends[1]
    found = value(FGSMTraining(eps=0.1, step=0.1, alpha=0.25), logistic, batch)
    assert found == pytest.approx(0.75 * ends[0] + 0.25 * ends[1])


@pytest.mark.parametrize(
    "objective",
    [
        FGSMTraining(eps=0.1, step=0.1, random_start=False),
        PGDTraining(eps=0.1, step=0.05, steps=5),
    ],
)
def test_on_logistic_regression_it_is_an_l1_norm_inside_of_the_loss(logistic, batch, objective):
    """Goodfellow et al. (2015), section 5: E softplus(eps |w|_1 - y (w x + b))."""
    labels = batch[1] % 2
    y = 2 * labels.double() - 1
    norm = logistic.layer.weight.abs().sum()
    closed = F.softplus(0.1 * norm - y * logistic.z(batch[0])).mean().item()
    assert value(objective, logistic, (batch[0], labels)) == pytest.approx(closed, abs=1e-9)


def test_pgd_with_an_empty_ball_is_plain_training(model, batch):
    objective = PGDTraining(eps=0, step=0.1, steps=2)
    assert value(objective, model, batch) == pytest.approx(clean(model, batch), abs=1e-12)


def test_more_steps_are_a_stronger_adversary(model, batch):
    model.eval()
    losses = [value(PGDTraining(eps=0.2, step=0.05, steps=n), model, batch) for n in (1, 4, 16)]
    assert clean(model, batch) < losses[0] < losses[1] <= losses[2]


@pytest.mark.parametrize(
    "objective",
    [
        FGSMTraining(eps=0.1, step=0.125),
        FGSMTraining(eps=0.1, step=0.125, alpha=0.5),
        PGDTraining(eps=0.1, step=0.05, steps=2),
        LambdaTraining(),
    ],
)
def test_the_statistics_are_those_of_the_pictures_that_are_learned_from(model, batch, objective):
    """One update of the running statistics for each step, by the pass with the gradient."""
    objective.loss(model, Batch(*batch, torch.Generator()))
    assert model[1].num_batches_tracked == 1
    assert model.training


def test_lambda_1_is_the_plain_mean(model, batch, generator):
    model.eval()
    objective = LambdaTraining(weight=1, share=0.25)
    twin = torch.Generator().manual_seed(3)
    changed = objective.towards_least_likely(model, batch[0][18:], twin)
    images = torch.cat([batch[0][:18], changed])
    expected = F.cross_entropy(model(images), batch[1]).item()
    assert objective.loss(model, Batch(*batch, generator)).item() == pytest.approx(expected)


def test_without_adversarial_pictures_lambda_plays_no_part(model, batch, generator):
    before = generator.get_state()
    found = LambdaTraining(share=0, weight=7).loss(model, Batch(*batch, generator))
    assert found.item() == pytest.approx(clean(model, batch), abs=1e-12)
    assert torch.equal(generator.get_state(), before)


def test_lambda_0_is_the_mean_of_the_clean_ones(model, batch):
    model.eval()
    found = value(LambdaTraining(weight=0, share=0.5), model, batch)
    assert found == pytest.approx(clean(model, (batch[0][:12], batch[1][:12])))


@pytest.mark.parametrize("weight", [0, 0.3, 1, 5])
def test_where_all_losses_are_equal_so_is_their_mean(model, batch, weight):
    torch.nn.init.zeros_(model[-1].weight)
    torch.nn.init.zeros_(model[-1].bias)
    assert value(LambdaTraining(weight=weight), model, batch) == pytest.approx(math.log(10))


def test_lambda_moves_the_mean_towards_the_adversarial_loss(model, batch):
    model.eval()
    losses = [value(LambdaTraining(weight=w), model, batch) for w in (0, 0.3, 1, 1e9)]
    assert losses in (sorted(losses), sorted(losses, reverse=True))
    assert losses[0] != losses[-1]


def test_sizes_follow_the_normal_distribution_that_is_cut_off(generator):
    objective = LambdaTraining()
    sizes = 255 * objective.sizes(torch.zeros(20_000, 1, 1, 1), generator)
    assert sizes.min() >= 0
    assert sizes.max() <= 16
    mean = 8 * math.sqrt(2 / math.pi) * (1 - math.exp(-2)) / math.erf(math.sqrt(2))
    assert sizes.mean().item() == pytest.approx(mean, rel=0.02)
    assert (sizes < 8).double().mean().item() == pytest.approx(
        math.erf(math.sqrt(0.5)) / math.erf(math.sqrt(2)), abs=0.01
    )


def test_the_step_is_towards_the_least_likely_class(model, batch, generator):
    model.eval()
    least = model(batch[0]).argmin(1)
    moved = LambdaTraining().towards_least_likely(model, batch[0], generator)
    before, after = (F.cross_entropy(model(x), least, reduction="none") for x in (batch[0], moved))
    assert ((after < before) | torch.isclose(after, before)).all()
    assert (moved - batch[0]).abs().max() <= 16 / 255 + 1e-12


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: FGSMTraining(eps=0.1, step=0.1, alpha=1.5), "alpha must be from 0 to 1; got 1.5"),
        (lambda: FGSMTraining(eps=-1, step=0.1), "eps must be from 0 to 1"),
        (lambda: FGSMTraining(eps=0.1, step=float("nan")), "step must be at least 0; got nan"),
        (lambda: PGDTraining(eps=0.1, step=0.1, steps=0), "steps must be at least 1; got 0"),
        (lambda: LambdaTraining(share=2), "share must be from 0 to 1"),
        (lambda: LambdaTraining(sigma=0), "sigma must be above 0"),
        (lambda: LambdaTraining(share=1, weight=0), "weight must be above 0"),
    ],
)
def test_bad_numbers(make, words):
    with pytest.raises(ValueError, match=words):
        make()
