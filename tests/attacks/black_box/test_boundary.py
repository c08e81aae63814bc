"""The parts of the boundary attack's walk: its random numbers, its moves, and how its steps adapt."""

import random
from collections import deque

import pytest
import torch

from robust_core.attacks.balls import own_generators
from robust_core.attacks.black_box.boundary import FACTOR, Noise, Rates, at, turned
from robust_core.attacks.black_box.hunt import Prey

SHAPE = (3, 16, 16)


def prey(images: torch.Tensor, free: torch.Tensor | None = None) -> list[Prey]:
    return [Prey(x, free, g, 10) for x, g in zip(images, own_generators(images, 0, 0), strict=True)]


def test_a_picture_gets_the_same_numbers_in_any_batch():
    images = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(0))
    together, alone = Noise(prey(images), 7), Noise(prey(images[3:4]), 7)
    fewer = Noise(prey(images), 7)
    fewer.only(torch.tensor([False, True, False, True, True]))
    for step in range(1, 4):
        noise = together(step)
        assert noise[3:4].equal(alone(step))
        assert noise[[1, 3, 4]].equal(fewer(step))


def test_its_numbers_are_normal_new_at_each_step_and_unlike_those_of_others():
    images = torch.rand(40, *SHAPE, generator=torch.Generator().manual_seed(0))
    noise = Noise(prey(images), 0)
    steps = torch.stack([noise(step) for step in range(1, 11)]).flatten(2)  # [10, 40, 768]
    assert steps.mean().item() == pytest.approx(0, abs=0.02)
    assert steps.std().item() == pytest.approx(1, rel=0.02)
    own = torch.nn.functional.normalize(steps.transpose(0, 1), dim=2)
    others = torch.nn.functional.normalize(steps, dim=2)
    most = 6 / steps.shape[2] ** 0.5  # six standard deviations of the cosine of independent ones
    for each in (own, others):
        cosines = each @ each.transpose(1, 2) - torch.eye(each.shape[1])
        assert cosines.abs().max() < most


def test_nothing_is_drawn_where_a_picture_may_not_change():
    free = torch.zeros(1, *SHAPE[1:], dtype=torch.bool)
    free[:, :4] = True
    noise = Noise(prey(torch.rand(3, *SHAPE), free), 0)(1)
    assert (noise[:, :, :4] != 0).all()
    assert (noise[:, :, 4:] == 0).all()


def test_a_turned_change_is_as_long_and_at_the_angle_of_its_step():
    generator = torch.Generator().manual_seed(0)
    change, noise = (torch.randn(6, *SHAPE, generator=generator) for _ in range(2))
    far = change.flatten(1).norm(dim=1).double()
    sideways = torch.tensor([1e-3, 1e-2, 0.1, 0.3, 0.7, 1.0], dtype=torch.float64)
    moved = at(torch.zeros_like(change), change, noise, turned(change, noise, far, sideways))
    assert torch.allclose(moved.flatten(1).norm(dim=1).double(), far, rtol=1e-5)
    cosine = torch.cosine_similarity(moved.flatten(1).double(), change.flatten(1).double())
    assert torch.allclose(cosine, 1 / (1 + sideways**2).sqrt(), atol=1e-6)


def test_steps_adapt_to_the_last_moves_of_each_picture():
    rates, lots = Rates(3, 10, torch.device("cpu")), random.Random(0)
    windows = [deque(maxlen=10) for _ in range(3)]
    seen = set()
    for _ in range(200):
        kept = [lots.random() < often for often in (0.05, 0.35, 0.9)]
        wanted = []
        for window, each in zip(windows, kept, strict=True):
            window.append(each)
            share = sum(window) / len(window)
            full = len(window) == 10
            wanted.append(
                FACTOR if full and share > 0.5 else 1 / FACTOR if full and share < 0.2 else 1
            )
            if wanted[-1] != 1:
                window.clear()
        assert rates(torch.tensor(kept), 0.2, 0.5).tolist() == pytest.approx(wanted)
        seen.update(wanted)
    assert seen == {FACTOR, 1 / FACTOR, 1}


def test_steps_do_not_depend_on_torchs_default_dtype():
    fewer = []
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        try:
            rates = Rates(1, 2, torch.device("cpu"))
            fewer += [rates(torch.tensor([False]), 0.2, 0.5) for _ in range(2)]
        finally:
            torch.set_default_dtype(torch.float32)
    assert fewer[0].equal(fewer[2])
    assert fewer[1].equal(fewer[3])
    assert fewer[1].item() == pytest.approx(1 / FACTOR)
