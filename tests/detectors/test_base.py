"""What detectors have in common, and an exact threshold for a rate of false alarms."""

import pytest
import torch

from robust_core import zoo
from robust_core.detectors import METHODS, Detector, calibrate


@pytest.mark.parametrize("method", METHODS.names())
def test_the_bundled_ones_of_every_method_have_all_that_a_detector_has(method):
    name = next(name for name in zoo.detectors() if zoo.index()[name]["method"] == method)
    detector = zoo.load_detector(name, "cpu")
    asked = {name for name in dir(Detector) if not name.startswith("_")}
    assert {"logit", "both", "score", "flags", "device"} == asked
    assert {"name", "threshold", "classifier", "provenance"} == Detector.__annotations__.keys()
    for member in asked | Detector.__annotations__.keys():
        assert getattr(detector, member) is not None
    assert not any(p.requires_grad for p in detector.parameters())
    assert not any(module.training for module in detector.train().modules())
    x = torch.rand(2, detector.classifier.channels, *detector.classifier.input_size)
    assert torch.equal(detector(x), detector.logit(x))
    assert torch.equal(detector.flags(x), detector.score(x) > detector.threshold)
    assert not detector.score(x).requires_grad


@pytest.mark.parametrize("n", [1, 7, 100, 1000])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.29, 0.5, 0.99])
def test_calibration_keeps_to_the_rate_and_is_the_lowest_that_does(n, rate):
    scores = torch.rand(n, generator=torch.Generator().manual_seed(n))
    threshold = calibrate(scores, rate)
    allowed = int(n * round(rate * 100) // 100)
    assert (scores > threshold).sum() == allowed
    assert ((scores >= threshold).sum()) == allowed + 1  # any lower is one too many
    assert threshold in scores


def test_ties_never_raise_the_rate():
    scores = torch.tensor([0.1, 0.9, 0.9, 0.9, 0.2])
    assert calibrate(scores, 0.4) == pytest.approx(0.9)
    assert (scores > calibrate(scores, 0.4)).sum() == 0
    assert calibrate(scores, 0.6) == pytest.approx(0.2)


def test_calibration_does_not_depend_on_the_order_and_falls_with_the_rate():
    scores = torch.rand(50, generator=torch.Generator().manual_seed(0))
    thresholds = [calibrate(scores, rate / 20) for rate in range(20)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds == [calibrate(scores.flip(0), rate / 20) for rate in range(20)]


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_a_rate_must_be_a_share(rate):
    with pytest.raises(ValueError, match=r"^false_positive_rate must be from 0 to below 1; got "):
        calibrate(torch.rand(5), rate)


@pytest.mark.parametrize(
    "scores", [torch.rand(0), torch.tensor([0.5, torch.nan]), torch.rand(2, 2)]
)
def test_scores_must_be_numbers(scores):
    with pytest.raises(ValueError, match=r"^scores_clean must be numbers of at least one"):
        calibrate(scores, 0.1)
