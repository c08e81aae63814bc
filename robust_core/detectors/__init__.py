"""Adversary detectors: from pictures to the probability that they are adversarial."""

from robust_core.detectors.base import Detector, Frozen, calibrate
from robust_core.detectors.reconstruction import Reconstruction
from robust_core.detectors.safetynet import SafetyNet
from robust_core.detectors.squeezing import FeatureSqueezing
from robust_core.detectors.subnetwork import Subnetwork
from robust_core.registry import Registry

__all__ = [
    "METHODS",
    "Detector",
    "FeatureSqueezing",
    "Reconstruction",
    "SafetyNet",
    "Subnetwork",
    "calibrate",
]

METHODS: Registry[type[Frozen]] = Registry(
    "method",
    (Subnetwork, SafetyNet, FeatureSqueezing, Reconstruction),
    key=lambda kind: kind.METHOD,
)
"""Classes by the ``method`` of an index entry; ``from_entry`` makes the detector of an entry."""
