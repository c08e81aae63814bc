"""Guarantees: radii within which no change of a picture changes a randomised model's answer."""

from robust_core.certify import pixeldp, smoothing
from robust_core.certify.binomial import lower, upper
from robust_core.certify.pixeldp import PixelDPCertificate
from robust_core.certify.smoothing import Certificate, certified_accuracy

__all__ = [
    "Certificate",
    "PixelDPCertificate",
    "certified_accuracy",
    "lower",
    "pixeldp",
    "smoothing",
    "upper",
]
