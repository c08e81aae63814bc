"""A detector and its threshold: how many clean and adversarial pictures it flags.

python examples/detector_and_threshold.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from robust_core import attacks, zoo
from robust_core.data import digits
from robust_core.detectors import calibrate

detector = zoo.load_detector("digits-cnn-reconstruction")
model = detector.classifier
images, labels = (x.to(model.device) for x in digits.load("test"))
held_out, images, labels = images[225:], images[:100], labels[:100]

record = attacks.create("bim", eps=0.15).run(model, images, labels)
fooling = record.x_adv[record.success]
clean, adversarial = detector.score(images), detector.score(fooling)
print(f"BIM fools the classifier on {len(fooling)} of {len(images)} pictures.")
print(f"The bundled threshold is {detector.threshold:.3f}.")

print(
    f"{'false alarms allowed':>21}{'threshold':>11}{'clean flagged':>15}{'adversarial flagged':>21}"
)
for rate in (0.01, 0.05, 0.2):
    threshold = calibrate(detector.score(held_out), rate)
    flagged = [(scores > threshold).float().mean() for scores in (clean, adversarial)]
    print(f"{rate:21.0%}{threshold:11.3f}{flagged[0]:15.0%}{flagged[1]:21.0%}")
