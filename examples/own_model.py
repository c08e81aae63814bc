"""A model of your own: a small vision transformer, trained here in seconds, attacked, defended, watched.

python examples/own_model.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import torch
from torch import nn
from torchvision.models import VisionTransformer

from robust_core import attacks, defenses
from robust_core.classifier import Classifier
from robust_core.data import digits
from robust_core.detectors import FeatureSqueezing
from robust_core.detectors.squeezers import squeezer

torch.manual_seed(0)
network = VisionTransformer(
    8, 2, num_layers=2, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=10
)
network.conv_proj = nn.Conv2d(1, 48, kernel_size=2, stride=2)  # grey patches of 2 x 2 pixels
model = Classifier(
    network, class_names=tuple("0123456789"), input_size=(8, 8), mean=(0.3,), std=(0.4,)
)
(images, labels), (tests, truth) = digits.load("train"), (x[:100] for x in digits.load("test"))
optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
for chosen in torch.randint(len(images), (300, 32)):
    nn.functional.cross_entropy(model(images[chosen]), labels[chosen]).backward()
    optimiser.step(), optimiser.zero_grad()

attacked = attacks.create("pgd", eps=0.1)(model, tests, truth)
for asked in (model, defenses.create("bit-depth", bits=1)(model)):
    right = [(asked(x).argmax(1) == truth).float().mean() for x in (tests, attacked)]
    print(f"{asked.name}: right on {right[0]:.0%}, under PGD at 0.1 on {right[1]:.0%}")
detector = FeatureSqueezing(model, [squeezer("bits-1")])
clean, adversarial = (detector.score(x).mean() for x in (tests, attacked))
print(f"feature squeezing: mean score {clean:.2f} clean, {adversarial:.2f} attacked")
