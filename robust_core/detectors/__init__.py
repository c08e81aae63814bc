"""Adversary detectors: from pictures to the probability that they are adversarial."""

from robust_core.detectors.base import Detector, calibrate

__all__ = ["Detector", "calibrate"]
