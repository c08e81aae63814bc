"""The table of the reject option: its thresholds, and the way back to policies."""

import pytest
import torch

from robust_core.detectors.measure import Answers
from robust_core.detectors.rejection import Costs, sweep
from robust_core.evaluation.detector_tables.reject import SHARES, curves, thresholds_of
from robust_core.evaluation.detector_tables.rows import RejectRow
from tests.tables import table


@pytest.fixture
def answers() -> Answers:
    draw = torch.Generator().manual_seed(0)
    genuine, adversarial = (torch.rand(50, generator=draw) for _ in range(2))
    before, after = (torch.rand(50, generator=draw) < share for share in (0.9, 0.2))
    return Answers(genuine, adversarial.sqrt(), before, after)


def test_thresholds_ascend_and_hold_the_calibrated_one_and_the_end(answers):
    grid = thresholds_of(answers.genuine, 0.123, points=20)
    assert (grid.diff() > 0).all()
    assert 0.123 in grid.tolist()
    assert grid[-1] == 1
    assert len(grid) <= 22
    assert grid[0] == answers.genuine.min().double()


def test_curves_are_the_policies_that_were_swept(answers):
    grid = thresholds_of(answers.genuine, 0.5)
    swept = sweep(answers, grid)
    shares = {name: getattr(swept, name).tolist() for name in SHARES}
    row = table(RejectRow, thresholds=grid.tolist(), static=shares, adaptive=shares)
    back = curves(row)["static"]
    assert torch.equal(back.thresholds[1:], grid)
    assert back.at(5) == swept.at(4)
    nothing = back.at(0)
    assert nothing["harm"] == nothing["accepted_clean"] == 0
    assert nothing["robust_accuracy"] == 1
    costs = Costs(harm=5)
    assert back.cost(costs, 0.3)[1:].tolist() == pytest.approx(swept.cost(costs, 0.3).tolist())
    assert (back.harm.diff() >= 0).all()
    assert back.accepted_clean[-1] == 1
