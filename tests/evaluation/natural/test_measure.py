"""Rows of the suite: counts by a closed form, the same in batches, and the committed ones."""

import json

import pytest
import torch

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.evaluation.natural import measure, plan, results
from robust_core.natural.changes import CHANGES


class Bright(torch.nn.Module):
    """Says 1 of pictures whose mean is above 0.5."""

    def forward(self, x):
        high = x.mean((1, 2, 3)) - 0.5
        return torch.stack([-high, high], 1)


@pytest.fixture
def levels():
    """Flat pictures, of which brightness carries one more over the middle with each strength."""
    grey = torch.tensor([0.45, 0.35, 0.25, 0.15, 0.05, 0.9])
    images = grey.view(-1, 1, 1, 1).expand(6, 1, 8, 8).contiguous()
    return images, torch.tensor([0, 0, 0, 0, 0, 1])


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_counts_are_those_of_the_closed_form(levels, batch, monkeypatch):
    monkeypatch.setattr(measure, "default_batch", lambda images: batch)
    model = Classifier(
        Bright(), class_names=("dark", "bright"), input_size=(8, 8), mean=(0.0,), std=(1.0,)
    )
    told = []
    row = measure.measure(model, "flat", "brightness", *levels, lambda k, n: told.append((k, n)))
    assert (row.n, row.clean) == (6, 6)
    assert row.strengths == CHANGES.get("brightness").strengths
    assert row.right == row.same == (5, 4, 3, 2, 1)
    assert row.mean == row.kept == pytest.approx(15 / 30)
    assert told[-1] == (len(told), len(told))
    turned = measure.measure(model, "flat", "rotation", *levels)
    assert turned.right == (6,) * 5
    wrong = measure.measure(model, "flat", "rotation", levels[0], 1 - levels[1])
    assert (wrong.clean, wrong.right, wrong.same) == (0, (0,) * 5, (6,) * 5), (
        "nobody asks for a label"
    )


def test_an_unknown_change_is_refused(levels, digits_model):
    with pytest.raises(ValueError, match="change must be one of rotation"):
        measure.measure(digits_model, "digits", "snow", *levels)


def test_committed_rows_are_complete_and_of_the_bundled_weights():
    report = results.report()
    assert {"cifar10", "digits"} <= {row.data for row in report.rows}
    for part in ("cifar10", "digits"):
        assert report.models(part) == list(plan.MODELS[part])
    for row in report.rows:
        assert row.n == plan.PICTURES[row.data]
        assert row.strengths == CHANGES.get(row.change).strengths
        assert all(0 <= count <= row.n for count in (row.clean, *row.right, *row.same))


def test_what_the_page_says_is_so():
    """Training under noise or on adversarial pictures helps against noise and costs elsewhere."""
    report = results.report()
    plain, robust, noisy = (report.of(name) for name in plan.MODELS["cifar10"])
    assert plain["noise"].mean < robust["noise"].mean
    assert plain["noise"].mean < noisy["noise"].mean
    assert plain["contrast"].mean > robust["contrast"].mean
    assert plain["rotation"].clean > robust["rotation"].clean
    everything = list(plain.values())
    by_hand = sum(sum(row.right) for row in everything) / (5 * 500 * len(everything))
    assert results.mean_accuracy(everything) == pytest.approx(by_hand)


def test_rows_of_other_weights_and_damaged_files_are_left_out(tmp_path):
    path = tmp_path / "natural.json"
    value = json.loads(results.FILE.read_text())
    for row in value["parts"]["digits"]["rows"]:
        row["weights"] = "another"
    path.write_text(json.dumps(value))
    assert not results.report(path).models("digits")
    assert results.report(path).models("cifar10")
    path.write_text('{"parts": {"digits": {"rows": [3]}}}')
    assert results.report(path).rows == ()
    assert results.report(tmp_path / "none.json").rows == ()
    assert all(name in zoo.names() for names in plan.MODELS.values() for name in names)
