"""Indicators of attack failure: each on a run that is built to fail in that way, and on one that is not."""

import pytest
import torch
from torch import Tensor, nn

from robust_core import attacks, defenses
from robust_core.data.fitting import to_tensor
from robust_core.evaluation.draws import DRAWS
from robust_core.experiment.failure import KINDS
from robust_core.experiment.indicators import indicators
from robust_core.goals import Targeted

PGD = attacks.create("pgd", eps=0.2, steps=40, step_size=0.05)
FEW = attacks.create("bim", eps=0.2, steps=20, step_size=0.002)


@pytest.fixture
def grey() -> Tensor:
    return torch.full((1, 1, 2, 2), 0.3)


class Brightness(nn.Module):
    """Two classes; the logit of the second is a function of the mean brightness, that of the first is 0."""

    def __init__(self, value=lambda b: 20 * (b - 0.4)) -> None:
        super().__init__()
        self.value = value

    def forward(self, images: Tensor) -> Tensor:
        second = self.value(images.flatten(1).mean(1))
        return torch.stack([torch.zeros_like(second), second], 1)


class Chance(Brightness):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images + 0.3 * torch.randn_like(images))


def tent(brightness: Tensor) -> Tensor:
    """Above 0 within 0.006 of 0.4, rising towards 0.4 from either side."""
    return 0.006 - (brightness - 0.4).abs()


def values(model, picture, attack, **options) -> dict[str, float | None]:
    found = indicators(model, picture, 0, attack, **options)
    assert [one.name for one in found.each] == list(KINDS)
    assert all(one.value is None or 0 <= one.value <= 1 for one in found.each)
    assert all(one.sentence.endswith(".") for one in found.each)
    return {one.name: one.value for one in found.each}


def test_a_run_that_succeeds_has_no_reasons(grey):
    found = indicators(Brightness(), grey, 0, PGD)
    assert not found.failed
    assert found.reasons == ()
    assert {one.name: one.high for one in found.each} == dict.fromkeys(KINDS, False)
    assert found["transfer-failure"].value is None


def test_gradients_that_are_zero(grey):
    rounded = Brightness(lambda b: ((255 * b).round() / 255 - 0.4) * 20)
    found = indicators(rounded, grey, 0, PGD)
    assert found["unavailable-gradients"].value == 1
    assert "unavailable-gradients" in {one.name for one in found.reasons}


def test_gradients_that_vanish_on_part_of_the_way_are_a_share(grey):
    """Flat from a brightness of 0.32 on; the start is below, and steps are of 0.01."""
    flat = Brightness(lambda b: b.clamp(max=0.325) - 0.4)
    attack = attacks.create("bim", eps=0.2, steps=10, step_size=0.01)
    assert values(flat, grey, attack)["unavailable-gradients"] == pytest.approx(7 / 10)


def test_predictions_that_do_not_hold_still(grey):
    assert values(Chance(), grey, PGD)["unstable-predictions"] > 0.5
    steep = Brightness(lambda b: torch.sin(1e5 * b) - 0.9)
    assert values(steep, grey, PGD)["unstable-predictions"] > 0.5


def test_of_a_linear_loss_the_change_is_known(grey):
    """|L(x') - L(x)| / |L(x)| = |mean of the shift| / |0.3 - 0.4|; a mean of four uniform numbers."""
    margin = attacks.create("pgd", eps=0.2, steps=5, loss="margin")
    found = values(Brightness(), grey, margin)["unstable-predictions"]
    draws = (2 * torch.rand(100_000, 4) - 1).mean(1).abs().mean() * 1e-3
    assert found == pytest.approx(draws.item() / 0.1, rel=0.35)


def test_a_success_on_the_way_that_the_result_loses(grey):
    """Steps of 0.02 from side to side of a ridge 0.012 wide: every second iterate is on it."""
    ridge = Brightness(tent)
    found = {
        steps: values(ridge, grey, attacks.create("bim", eps=0.2, steps=steps, step_size=0.02))
        for steps in (5, 6)
    }
    assert (found[5]["silent-success"], found[6]["silent-success"]) == (0, 1)
    with_best = attacks.create("apgd", eps=0.2, steps=20)
    assert values(ridge, grey, with_best)["silent-success"] == 0


def test_an_optimisation_cut_short(grey):
    """With equal steps up a line, the last 10 of 19 rises are their share; at the edge nothing rises."""
    found = indicators(Brightness(), grey, 0, FEW.changed(loss="margin"))
    assert found["incomplete-optimisation"].value == pytest.approx(10 / 19, rel=1e-3)
    assert "incomplete-optimisation" in {one.name for one in found.reasons}
    longer = FEW.changed(loss="margin", step_size=0.05)
    assert values(Brightness(), grey, longer)["incomplete-optimisation"] == 0


def test_a_surrogate_that_is_fooled_alone(grey):
    never = Brightness(lambda b: b - 2)
    assert values(never, grey, PGD, attacked=Brightness())["transfer-failure"] == 1
    same = Brightness()
    assert values(same, grey, PGD, attacked=Brightness())["transfer-failure"] == 0
    assert values(never, grey, PGD, attacked=Brightness(lambda b: b - 3))["transfer-failure"] == 0


def test_of_a_random_defence_transfer_is_a_share_of_fresh_draws(digits_model, pixels):
    defended = defenses.create("random-resize-pad", smallest=0.5)(digits_model)
    attack = attacks.create("pgd", eps=0.1, steps=10)
    found = indicators(defended, to_tensor(pixels), 9, attack, attacked=digits_model)
    value = found["transfer-failure"].value
    assert value * DRAWS == pytest.approx(round(value * DRAWS))
    assert found.failed == (value >= 0.5)


def test_a_model_that_no_picture_fools(grey):
    never = Brightness(lambda b: b - 2)
    found = indicators(never, grey, 0, PGD)
    assert found["unconstrained-failure"].value == 1
    assert "unconstrained-failure" in {one.name for one in found.reasons}
    near = Brightness(lambda b: b - 0.8)  # beyond eps, within the box
    assert values(near, grey, PGD)["unconstrained-failure"] == 0
    assert indicators(near, grey, 0, PGD).failed


@pytest.mark.parametrize(
    ("attack", "lacking"),
    [
        ("square", {"unavailable-gradients"}),
        ("deepfool", {"unconstrained-failure"}),
        ("fgsm", {"incomplete-optimisation"}),
    ],
)
def test_what_does_not_apply_says_so(attack, lacking, grey):
    settings = {"max_queries": 20} if attack == "square" else {}
    found = values(Brightness(), grey, attacks.create(attack, **settings))
    assert {name for name, value in found.items() if value is None} == {
        "transfer-failure",
        *lacking,
    }


def test_it_is_the_same_run_each_time_and_a_goal_is_kept(grey):
    model = Chance()
    torch.manual_seed(0)
    state = model.training
    first = indicators(Brightness(), grey, 1, PGD, goal=Targeted())
    assert first == indicators(Brightness(), grey, 1, PGD, goal=Targeted())
    assert not first.failed
    indicators(model, grey, 0, PGD)
    assert model.training == state


def test_progress_covers_both_runs_and_can_end_them(grey):
    told = []
    indicators(Brightness(), grey, 0, FEW, progress=lambda k, n: told.append((k, n)))
    assert told[-1] == (2 * FEW.observations,) * 2
    assert [k for k, _ in told] == sorted(k for k, _ in told)
    with pytest.raises(KeyboardInterrupt):
        indicators(
            Brightness(),
            grey,
            0,
            FEW,
            progress=lambda k, n: (_ for _ in ()).throw(KeyboardInterrupt),
        )
