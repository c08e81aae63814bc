"""A defence and what breaks it: a median filter against an unaware and an aware attacker.

python examples/defence_and_what_breaks_it.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from robust_core import attacks, defenses, zoo
from robust_core.data import digits

model = zoo.load("digits-cnn")
images, labels = (x[:50].to(model.device) for x in digits.load("test"))
defended = defenses.create("median")(model)
pgd = attacks.create("pgd", eps=0.1)

pictures = {
    "clean": images,
    "PGD on the undefended model (unaware)": pgd(model, images, labels),
    "PGD through the filter (aware)": pgd(defended, images, labels, adaptive=True),
}
print(f"{'right of 50':40}{'undefended':>12}{'filtered':>12}")
for name, x in pictures.items():
    right = [(each(x).argmax(1) == labels).sum().item() for each in (model, defended)]
    print(f"{name:40}{right[0]:12}{right[1]:12}")
print(defended.defense.broken_by)
