"""The measurements of deck 002: iterates are results of fewer steps, and counts are of pictures."""

import pytest

from robust_core import attacks
from robust_core.evaluation.deck_002 import measure, protocol
from robust_core.evaluation.judging import ranks


@pytest.fixture(scope="module")
def counted(toy, sample):
    """All of it in one space, at radii that matter for the toy."""
    attacked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "SPACES", (protocol.PIXELS,))
        patch.setattr(protocol, "EPS", (0.01,))
        patch.setattr(protocol, "FIGURE_EPS", (0.01, 0.3))
        found = measure.measure(toy, sample, attacked.append)
        assert sum(attacked) == 12 * measure.runs()
    return found


def test_iterates_are_the_results_of_fewer_steps(toy, sample, counted):
    rows = [row for row in counted["rows"] if row["attack"] != "fgsm"]
    assert len(rows) == len(protocol.STEP_SIZES) * sum(map(len, protocol.STEPS.values()))
    for row in rows:
        size = row["eps"] * protocol.STEP_SIZES[row["step"]]
        alone = attacks.create(row["attack"], eps=row["eps"], steps=row["steps"], step_size=size)
        left = ranks(toy, alone(toy, sample.images, sample.labels), sample.labels)
        assert (row["top1"], row["top5"]) == (int((left < 1).sum()), int((left < 5).sum()))


def test_fgsm_is_the_first_step_of_bim(counted):
    rows = {(row["attack"], row["steps"], row["step"]): row for row in counted["rows"]}
    for what in ("top1", "top5"):
        assert rows["fgsm", 1, "eps"][what] == rows["bim", 1, "eps"][what]


def test_small_steps_leave_more_than_large_ones(counted):
    """The deck's puzzle: six steps of eps/10 do less than one of eps, twenty of eps/4 do more."""
    left = {(r["attack"], r["steps"], r["step"]): r["top1"] for r in counted["rows"]}
    assert left["pgd", 20, "eps/4"] <= left["fgsm", 1, "eps"] < left["pgd", 2, "eps/10"]


def test_targets_are_other_classes_and_are_reached_with_room(counted):
    assert {row["attack"] for row in counted["targeted"]} == {"fgsm", "bim"}
    far = [row for row in counted["targeted"] if row["eps"] == 0.3 and row["attack"] == "bim"]
    assert far[0]["reached"] == 12
    assert all(row["reached"] + row["top1"] <= 12 for row in counted["targeted"])
    carlini = counted["carlini"]
    assert (carlini["target1"], carlini["top1"]) == (12, 0)
    assert carlini["mean_l2"] > 0
