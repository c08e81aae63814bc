"""A detector's verdict on one picture before and after an attack."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from robust_core.evaluation.detector_tables.plan import trained_eps

if TYPE_CHECKING:
    from robust_core.detectors import Detector

STOPPED = "The detector would have stopped this."
UNSEEN = "The detector lets it pass."
FALSE_ALARM = "The detector also rejects the clean picture: a false alarm."
LOST = "The detector rejects the clean picture, a false alarm, and lets the changed one pass."
ROUNDING = 1e-3
"""The share of a score by which float32 may move it."""


@dataclass(frozen=True)
class Detection:
    """Scores in [0, 1] of a clean picture, of the adversarial one, and of that rounded to 8 bits.

    A picture is flagged, that is rejected, where its score is above ``threshold``.
    """

    name: str
    threshold: float
    clean: float
    adversarial: float
    adversarial_8bit: float
    flagged_clean: bool
    flagged: bool
    flagged_8bit: bool
    calibration_range: tuple[float, float] | None = None
    """The lowest and the highest score of the pictures that the threshold was set on, where known."""
    trained_eps: dict[str, float] = field(default_factory=dict)
    """By norm, the largest eps of the attacks that it was trained on."""

    @classmethod
    def of(cls, detector: "Detector", clean: Tensor, adversarial: Tensor) -> Self:
        """From log-odds: ``[1]`` of the clean picture, ``[2]`` of the adversarial one and its rounding."""
        return cls.of_scores(detector, torch.cat([clean.sigmoid(), adversarial.sigmoid()]))

    @classmethod
    def of_scores(cls, detector: "Detector", scores: Tensor) -> Self:
        """From scores ``[3]`` of the clean picture, the adversarial one and its rounding."""
        clean, adversarial, rounded = scores.tolist()
        flagged = (scores > detector.threshold).tolist()  # as Detector.flags compares
        entry = detector.provenance.details
        low, high = entry.get("calibration_range") or (None, None)
        return cls(
            name=detector.name,
            threshold=detector.threshold,
            clean=clean,
            adversarial=adversarial,
            adversarial_8bit=rounded,
            flagged_clean=flagged[0],
            flagged=flagged[1],
            flagged_8bit=flagged[2],
            calibration_range=None if low is None or high is None else (low, high),
            trained_eps=trained_eps(entry),
        )

    @property
    def outside_calibration(self) -> bool:
        """Whether the clean picture's score is beyond all of those that the threshold was set on.

        Beyond by more than float32 rounds when a picture is scored beside others.
        """
        if self.calibration_range is None:
            return False
        low, high = self.calibration_range
        return self.clean < low * (1 - ROUNDING) or 1 - self.clean < (1 - high) * (1 - ROUNDING)

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        if self.flagged_clean:
            return FALSE_ALARM if self.flagged else LOST
        return STOPPED if self.flagged else UNSEEN

    @property
    def rounded(self) -> str | None:
        """How rounding to 8 bits changes the verdict; None where it does not."""
        if self.flagged_8bit == self.flagged:
            return None
        seen = "it is flagged" if self.flagged_8bit else "it passes"
        return f"Rounded to 8 bits, as a PNG file stores it, {seen}."

    @property
    def words(self) -> tuple[str, str, str]:
        """Score before, score after and threshold for display, with enough digits to tell them apart."""
        clean, adversarial, threshold = scores(self.clean, self.adversarial, self.threshold)
        return clean, adversarial, threshold

    def summary(self) -> dict:
        """The field ``detector`` of ``attack --json``.

        ``before`` and ``after`` are ``clean`` and ``adversarial``, named as the classifier's answers are.
        """
        return {
            "name": self.name,
            "threshold": self.threshold,
            "before": self.clean,
            "after": self.adversarial,
            "clean": self.clean,
            "adversarial": self.adversarial,
            "adversarial_8bit": self.adversarial_8bit,
            "flagged_clean": self.flagged_clean,
            "flagged": self.flagged,
            "flagged_8bit": self.flagged_8bit,
            "verdict": self.verdict,
            "calibration_range": self.calibration_range and list(self.calibration_range),
            "outside_calibration": self.outside_calibration,
            "trained_eps": self.trained_eps,
        }


def scores(*values: float) -> list[str]:
    """Scores with three decimals, and up to six where two that differ would look equal.

    Never 0 or 1 for what is neither: such a score reads "under 0.001" or "over 0.999".
    """
    words: list[str] = []
    for digits in (3, 4, 5, 6):
        words = [_score(value, digits) for value in values]
        if len(set(words)) == len(set(values)):
            break
    return words


def _score(value: float, digits: int) -> str:
    least = 10.0**-digits
    if 0 < value < least:
        return f"under {least:.{digits}f}"
    if 1 - least < value < 1:
        return f"over {1 - least:.{digits}f}"
    return f"{value:.{digits}f}"
