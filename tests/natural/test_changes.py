"""Natural changes: nothing at strength 0, closed forms where there are some, each picture by itself."""

import math

import pytest
import torch

from robust_core.attacks.physical.transformation import generator_of
from robust_core.natural import changes
from robust_core.natural.changes import CHANGES


@pytest.fixture(params=[(3, 16, 16), (1, 8, 8), (2, 12, 20)], ids=str)
def images(request):
    return torch.rand(3, *request.param, generator=generator_of("pictures"))


@pytest.mark.parametrize("name", CHANGES.names())
def test_what_holds_for_every_change(name, images):
    change = CHANGES.get(name)
    assert torch.equal(change(images, 0.0), images)
    assert len(change.strengths) == 5
    assert sorted(change.path) == list(change.path)
    assert change.path[::2] == (0.0, *change.strengths)
    for strength in change.path:
        changed = change(images, strength)
        assert changed.shape == images.shape
        assert changed.dtype == images.dtype
        assert 0 <= changed.min() <= changed.max() <= 1
        alone = torch.cat([change(one, strength) for one in images.split(1)])
        assert torch.allclose(alone, changed, atol=1e-6)
        assert torch.equal(change(images, strength), changed), "no other draw"
    for wrong in (-0.1, change.strengths[-1] * 1.01, math.nan):
        with pytest.raises(ValueError, match=f"strength of {name} must be from 0 to"):
            change(images, wrong)


@pytest.mark.parametrize("name", CHANGES.names())
def test_every_strength_changes_a_photograph_more(name):
    """The mean distance grows with the strength, on a smooth picture with an object in it."""
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    disc = ((rows - 14) ** 2 + (columns - 12) ** 2 < 60).float()
    x = (0.2 + 0.01 * rows + 0.5 * disc * (0.6 + 0.02 * columns))[None, None]
    change = CHANGES.get(name)
    moved = [(change(x, s) - x).abs().mean().item() for s in (0.0, *change.strengths)]
    assert moved[0] == 0
    assert moved == sorted(moved)
    assert moved[-1] > 0.01


def test_a_whole_turn_is_none(images):
    assert torch.allclose(changes.turned(images, 360), images, atol=1e-5)
    quarter = changes.turned(torch.eye(8)[None, None], 90)
    assert torch.allclose(quarter, torch.eye(8).flip(1)[None, None], atol=1e-5)


def test_a_shift_by_whole_pixels_moves_columns(images):
    width = images.shape[3]
    moved = changes.shifted(images, 2 / width)
    assert torch.allclose(moved[..., 2:], images[..., :-2], atol=1e-5)
    assert torch.allclose(moved[..., 0], images[..., 0], atol=1e-5), "the edge goes on"


def test_the_middle_row_of_a_shear_stays_and_the_ends_part():
    x = torch.zeros(1, 1, 33, 33)
    x[..., 16] = 1  # an upright line
    sheared = changes.sheared(x, 0.5)[0, 0]
    places = sheared.argmax(1)
    assert places[16] == 16
    assert places[0] - places[-1] == round(0.5 * 32)


def test_perspective_keeps_the_lower_edge_and_narrows_the_upper():
    x = torch.zeros(1, 1, 64, 64)
    x[..., 16:48] = 1
    widths = changes.tilted(x, 0.5)[0, 0].sum(1)
    assert widths[-1].item() == pytest.approx(32, abs=0.5)
    assert widths[0].item() == pytest.approx(16, abs=0.5)


def test_a_cylinder_shows_columns_where_its_closed_form_says():
    """The column across at u on the paper is seen at sin(a u) / sin(a)."""
    a = math.radians(60)
    across = (torch.arange(101) + 0.5) * 2 / 101 - 1
    ramp = ((across + 1) / 2).expand(1, 1, 101, 101)
    seen = changes.curved(ramp, 60)[0, 0, 50] * 2 - 1
    assert torch.allclose(torch.sin(seen * a) / math.sin(a), across, atol=0.02)
    nearly = changes.curved(ramp, 1e-3)
    assert torch.allclose(nearly, ramp, atol=1e-4), "a flat cylinder is paper"


def test_rows_on_a_cylinder_are_arcs():
    line = torch.zeros(1, 1, 101, 101)
    line[:, :, 50] = 1
    at = changes.curved(line, 60)[0, 0].argmax(0)
    rise = changes.TILT * math.tan(math.radians(30)) * 101 / 2
    assert (at[50] - at[[0, -1]]).tolist() == pytest.approx([rise] * 2, abs=1.5)


def test_blur_keeps_what_is_flat_and_removes_variance_monotonically(images):
    flat = torch.full_like(images, 0.3)
    change = CHANGES.get("blur")
    assert torch.allclose(change(flat, 0.04), flat, atol=1e-5)
    spread = [change(images, s).var().item() for s in (0.0, *change.strengths)]
    assert spread == sorted(spread, reverse=True)


def test_contrast_goes_to_the_mean_of_each_picture(images):
    faded = changes.faded(images, 1.0)
    means = images.mean((1, 2, 3), keepdim=True).expand_as(images)
    assert torch.allclose(faded, means, atol=1e-6)


def test_noise_has_its_deviation_and_one_field():
    flat = torch.full((2, 3, 64, 64), 0.5)
    noise = changes.noisy(flat, 0.1) - 0.5
    assert noise.std().item() == pytest.approx(0.1, rel=0.03)
    assert torch.equal(noise[0], noise[1])
