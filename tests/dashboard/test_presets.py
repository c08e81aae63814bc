"""The schedules of the papers: numbers of steps as printed, and hyper-parameters that exist."""

from dataclasses import fields
from types import SimpleNamespace

import pytest

from robust_core import attacks
from robust_core.dashboard.presets import PRESETS, kurakin


@pytest.mark.parametrize(("eps255", "steps"), [(2, 2), (4, 5), (8, 10), (16, 20), (32, 36), (0, 1)])
def test_kurakin_takes_the_smaller_of_two_counts(eps255, steps):
    assert kurakin(eps255 / 255) == {"steps": steps, "step_size": 1 / 255}


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.15, 0.5, 0.7])
@pytest.mark.parametrize("name", PRESETS)
def test_values_are_fields_of_the_attack(name, eps):
    pair = {"detector": SimpleNamespace(logit=len)} if name in attacks.names(pair=True) else {}
    for preset in PRESETS[name].values():
        built = attacks.create(name, **pair, eps=eps, **preset.values(eps))
        assert {f.name for f in fields(built)} >= set(preset.values(eps))


def test_metzen_s_steps_are_written_on_the_scale_to_255():
    assert PRESETS["bim"]["metzen"].values(0.1) == {"steps": 10, "step_size": 1 / 255}
    assert PRESETS["dynamic"]["metzen"].values(0.1) == {"steps": 10, "step_size": 1 / 255}
    assert PRESETS["bim-l2"]["metzen"].values(0.1) == {"steps": 10, "step_size": 20 / 255}
