"""Fog and rain: how much they hide, and that seeds alone decide where."""

import pytest
import torch

from robust_core.natural import weather


@pytest.mark.parametrize("size", [(8, 8), (32, 20), (128, 128)])
def test_fog_moves_every_value_towards_white_by_half_to_all_of_its_density(size):
    x = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    for density in (0.3, 0.9):
        share = (weather.fog(x, density) - x) / (weather.WHITE - x)
        there = (weather.WHITE - x).abs() > 0.01
        assert share[there].min() >= density / 2 - 1e-3
        assert share[there].max() <= density + 1e-3
    assert torch.equal(weather.fog(x, 0.0), x)


def test_swathes_fill_their_range_and_are_smooth():
    field = weather.swathes(64, 64)
    assert (field.min(), field.max()) == (0, 1)
    assert field.diff(dim=0).abs().max() < 0.2
    assert torch.equal(field, weather.swathes(64, 64))
    assert not torch.equal(field, weather.swathes(64, 64, seed=1))


def test_more_rain_has_the_streaks_of_less():
    some, more = (weather.streaks(48, 48, strength) for strength in (0.3, 0.9))
    assert (more >= some).all()
    assert (more > some).any()
    assert 0 <= some.min() <= more.max() <= 1
    assert weather.streaks(48, 48, 0.0).sum() == 0
    assert not torch.equal(some, weather.streaks(48, 48, 0.3, seed=1))


def test_a_streak_is_slanted_and_fades_towards_its_top(monkeypatch):
    """One drop alone: its pixels lie on a line, brightest at the lower end."""
    monkeypatch.setattr(weather, "DROPS", 1e-3)
    field = weather.streaks(60, 60, 1.0)
    assert 0 < (field > 0).float().mean() < 0.05
    rows, columns = (field == field.max()).nonzero()[0].tolist()
    length = round(weather.LENGTH * 60)
    assert field.max() == 1
    assert (field > 0).sum() <= length * (field == 1).sum() + length * 5
    assert 0 <= rows < 60
    assert 0 <= columns < 60


def test_rain_takes_light_and_adds_pale_streaks():
    grey = torch.full((1, 1, 64, 64), 0.5)
    wet = weather.rain(grey, 1.0)
    dry = weather.streaks(64, 64, 1.0) == 0
    assert torch.allclose(wet[0, 0][dry], torch.tensor(0.5 * (1 - weather.DIM)))
    assert wet.max() > 0.5
    assert wet.max() <= weather.STREAK
