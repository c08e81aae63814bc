"""A certificate: a radius within which no change of a picture changes the model's answer.

python examples/certificate.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from robust_core import zoo
from robust_core.certify import smoothing
from robust_core.data import digits

SIGMA, RADII = 0.25, (0, 0.25, 0.5, 0.75)

model = zoo.load("digits-cnn")
images, labels = (x[:20] for x in digits.load("test"))

# Randomised smoothing: the class that wins most often under Gaussian noise, and how sure that is.
certificates = [
    smoothing.certify(model, image.to(model.device), sigma=SIGMA, n=1000) for image in images
]
for label, found in list(zip(labels.tolist(), certificates, strict=True))[:5]:
    said = "abstains" if found.label is None else f"says {found.label} within L2 {found.radius:.2f}"
    print(f'"{label}": {said} (at least {found.p_lower:.0%} of noisy copies are a {found.guess})')

accuracy = smoothing.certified_accuracy(certificates, labels, RADII)
for radius, share in zip(RADII, accuracy, strict=True):
    print(f"right, and certified to an L2 radius of {radius:4.2f}: {share:4.0%}")
