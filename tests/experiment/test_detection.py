"""What a detector said: flags as it flags itself, a verdict for each case, scores told apart."""

import pytest
import torch

from robust_core.classifier import Provenance
from robust_core.experiment.detection import FALSE_ALARM, LOST, STOPPED, UNSEEN, Detection, scores
from robust_core.words.detectors import origin, title


class Fixed:
    """A name, a threshold, and an entry of the index."""

    def __init__(self, threshold: float = 0.5, **entry) -> None:
        self.name, self.threshold = "fixed", threshold
        self.provenance = Provenance("none", details=entry)


def detection(
    clean: float, adversarial: float, rounded: float, threshold=0.5, **entry
) -> Detection:
    odds = torch.tensor([clean, adversarial, rounded])
    return Detection.of(Fixed(threshold, **entry), odds[:1], odds[1:])


@pytest.mark.parametrize(
    ("clean", "adversarial", "verdict"),
    [(-1, 1, STOPPED), (-1, -1, UNSEEN), (1, 1, FALSE_ALARM), (1, -1, LOST), (-1, 0, UNSEEN)],
)
def test_each_case_has_its_verdict(clean, adversarial, verdict):
    seen = detection(clean, adversarial, adversarial)
    assert seen.verdict == verdict == seen.summary()["verdict"]
    assert (seen.flagged_clean, seen.flagged) == (clean > 0, adversarial > 0)
    assert seen.rounded is None


def test_flags_are_those_of_float32_at_the_very_threshold():
    score = torch.tensor(0.7).sigmoid()
    for threshold in (score.item(), score.item() + 1e-12, score.item() - 1e-12):
        seen = detection(0.7, 0.7, 0.7, threshold)
        assert seen.flagged == bool(score > threshold)


@pytest.mark.parametrize(("exact", "rounded", "word"), [(1, -1, "passes"), (-1, 1, "is flagged")])
def test_what_rounding_changes_is_said(exact, rounded, word):
    seen = detection(-1, exact, rounded)
    assert "8 bits" in seen.rounded
    assert word in seen.rounded


def test_the_summary_is_of_plain_values():
    summary = detection(-1, 1, 1).summary()
    assert summary.pop("calibration_range") is None
    assert summary.pop("trained_eps") == {}
    assert {type(value) for value in summary.values()} == {str, float, bool}
    assert summary["before"] == summary["clean"] == pytest.approx(0.26894, abs=1e-5)
    assert summary["after"] == summary["adversarial"] == pytest.approx(0.73106, abs=1e-5)


@pytest.mark.parametrize(
    ("clean", "outside"),
    [(0.09995, False), (0.09, True), (0.1, False), (0.5, False), (0.9, False), (0.91, True)],
)
def test_a_score_beyond_the_calibration_is_outside_and_rounding_does_not_count(clean, outside):
    odds = torch.tensor(clean).logit().item()
    seen = detection(odds, 9.0, 9.0, calibration_range=[0.1, 0.9])
    assert seen.outside_calibration == seen.summary()["outside_calibration"] == outside
    assert seen.summary()["calibration_range"] == [0.1, 0.9]
    assert not detection(odds, 9.0, 9.0).outside_calibration, "the range is not known"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.12345, 0.9), ["0.123", "0.900"]),
        ((0.12347, 0.12312), ["0.1235", "0.1231"]),
        ((0.0, 1.0), ["0.000", "1.000"]),
        ((0.0002, 0.9999), ["under 0.001", "over 0.999"]),
        ((0.3, 0.3), ["0.300", "0.300"]),
        ((1e-9, 2e-9), ["under 0.000001"] * 2),
    ],
)
def test_scores_that_differ_look_different_as_far_as_six_decimals_go(values, said):
    assert scores(*values) == said


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"point": "AD(2)", "adversary": "bim", "eps": 2 / 255}, "AD(2), BIM 2/255"),
        ({"point": "AD(4)", "adversary": "deepfool", "eps": None}, "AD(4), DeepFool"),
        ({"point": "AD(2)", "adversary": "bim-l2", "eps": 80 / 255}, "AD(2), BIM (L2) 80/255"),
        ({"point": "AD(2)", "adversary": ["fgsm", "bim"], "eps": None}, "AD(2), two attacks"),
        ({"point": "AD(2)", "adversary": list("abcdef")}, "AD(2), 6 attacks"),
        ({"method": "squeezing", "adversary": None}, "Feature squeezing"),
        ({"method": "safetynet", "adversary": ["fgsm", "deepfool"]}, "SafetyNet"),
    ],
)
def test_titles(entry, words):
    assert title({"method": "subnetwork"} | entry) == words


def test_origins():
    entry = {"method": "subnetwork", "adversary": "dynamic", "eps": 1 / 255}
    assert origin(entry) == "Trained on Dynamic adversary at eps 1/255."
    told = origin(entry | {"false_positive_rate": 0.05, "n_calibration": 2500})
    assert told.endswith(" Its threshold flags 5 % of 2,500 clean pictures.")
    known = {"false_positive_rate": 0.05, "n_calibration": 2500, "data": "CIFAR-10"}
    told = origin(entry | known)
    assert told.endswith("clean pictures, which holds for pictures like those of CIFAR-10 only.")
    assert origin({"method": "squeezing"}) == "Nothing was trained."
    both = origin({"method": "safetynet", "adversary": ["fgsm", "homemade"]})
    assert both == "Trained on FGSM and homemade."
    three = origin({"method": "subnetwork", "adversary": ["fgsm", "bim", "deepfool"], "eps": None})
    assert three == "Trained on FGSM, BIM and DeepFool, each on one picture in three."
