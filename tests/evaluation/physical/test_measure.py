"""The measurements on small models: what is counted, and that a sign is judged from new places."""

import pytest
import torch
from torch import nn

from robust_core.attacks.physical.poses import DECK_001
from robust_core.classifier import Classifier
from robust_core.evaluation.physical import measure, plan


def silent(what, k, n):
    assert 0 <= k <= n


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(plan, "DRAWS", 2)
    monkeypatch.setattr(plan, "EOT_STEPS", 4)
    monkeypatch.setattr(plan, "EOT_DRAWS", 3)
    monkeypatch.setattr(plan, "FRESH", 6)
    monkeypatch.setattr(plan, "ANGLES", (-30, 0, 30))
    monkeypatch.setattr(plan, "TURNED_EPS", {"digits-cnn": 0.2})
    monkeypatch.setattr(plan, "POSES", 3)
    monkeypatch.setattr(plan, "PLACES", 1)
    monkeypatch.setattr(plan, "SIDE", 32)
    monkeypatch.setattr(plan, "FINDING", plan.FINDING.changed(steps=3))
    monkeypatch.setattr(measure, "GRID", DECK_001)
    monkeypatch.setattr(plan, "METHOD", plan.RP2(steps=10, learning_rate=0.2))


@pytest.mark.parametrize("attack", plan.ATTACKS)
def test_destruction_has_a_row_for_each_transformation(few, digits_model, digit_pictures, attack):
    images, labels = (x[:20] for x in digit_pictures)
    subjects = measure.Subjects(digits_model, "digits", images, labels, silent)
    rows = measure.destruction_rows(subjects, attack=attack, eps=plan.EPS[1])
    assert [row.transformation for row in rows] == list(plan.TRANSFORMATIONS)
    assert {row.steps for row in rows} == {1 if attack == "fgsm" else 20}
    for row in rows:
        assert row.ranges
        for top in (row.top1, row.top5):
            assert top["pictures"] == 20
            assert top["draws"] == 2
            assert (top["rate"] is None) == (top["counted"] == 0)
        assert row.top5["adversarial"] >= row.top1["adversarial"]


def test_eot_holds_where_pgd_has_turned_back(few, digits_model, digit_pictures, monkeypatch):
    monkeypatch.setattr(plan, "EOT_STEPS", 12)
    images, labels = (x[:12] for x in digit_pictures)
    subjects = measure.Subjects(digits_model, "digits", images, labels, silent)
    rows = {
        attack: measure.rotation_rows(subjects, attack=attack) for attack in ("none", "pgd", "eot")
    }
    for found in rows.values():
        assert [row.angle for row in found] == [-30, 0, 30, None]
        assert all(0 <= row.target <= 1 and row.target + row.label <= 1 for row in found)
    assert rows["none"][1].label > 0.9
    assert rows["none"][1].eps == 0
    assert rows["eot"][3].target > rows["pgd"][3].target > rows["none"][3].target


@pytest.fixture
def sign_model():
    """A random network with the classes of GTSRB."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(3 * 16, 43))
    return Classifier(
        network,
        name="signs",
        class_names=tuple(map(str, range(43))),
        input_size=(16, 16),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    ).eval()


@pytest.mark.parametrize("poster", plan.POSTERS, ids=lambda p: p.key)
def test_signs_are_counted_where_the_clean_one_is_right(few, sign_model, poster):
    nothing = torch.empty(0)
    with torch.no_grad():  # it takes everything for the sign, a little
        sign_model.network[2].bias[measure.signs.get(poster.sign).gtsrb] = 1.5
    subjects = measure.Subjects(sign_model, "signs", nothing, nothing, silent)
    rows = measure.sign_rows(subjects, poster=poster)
    assert [(row.distance, row.angle) for row in rows] == [(p.distance, p.angle) for p in DECK_001]
    assert all(row.deck for row in rows)
    for row in rows:
        assert 0 <= row.fooled <= row.right <= row.views == 1
        assert max(row.printed, row.random) <= row.right
    assert sum(row.right for row in rows) > 0
    covered = {row.covered for row in rows}
    assert len(covered) == 1
    assert (covered == {1.0}) == (poster.area == "sign")


def test_ranges_are_those_that_do_something():
    assert measure.changed_ranges(plan.PHOTO.only("noise")) == {
        "noise_low": 0.01,
        "noise_high": 0.03,
    }
