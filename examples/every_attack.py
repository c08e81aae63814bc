"""Every attack against one model: how many pictures each fools, how far it goes, and what it costs.

python examples/every_attack.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from robust_core import attacks, zoo
from robust_core.data import digits

EPS = {"linf": 0.15, "l2": 1.0}
BUDGET = {"steps": 20, "max_queries": 500, "rounds": 5, "targets": 3}  # small, to be quick

model = zoo.load("digits-cnn")
images, labels = (x[:8].to(model.device) for x in digits.load("test"))

print(f"{'attack':14}{'norm':>6}{'fooled':>8}{'L2':>7}{'Linf':>7}{'forward':>9}{'backward':>9}")
for name in attacks.local_names():
    kind = attacks.get(name)
    fields = kind.__dataclass_fields__
    attack = kind(**{field: value for field, value in BUDGET.items() if field in fields})
    if "eps" in fields:
        attack = kind(**attack.parameters | {"eps": EPS[attack.norm]})
    record = attack.run(model, images, labels)
    won = record.success
    l2, linf = (f"{x[won].mean():.3f}" if won.any() else "-" for x in (record.l2, record.linf))
    forward, backward = (
        x.float().mean() for x in (record.queries_forward, record.queries_backward)
    )
    fooled = f"{won.sum()}/{len(won)}"
    print(f"{name:14}{attack.norm:>6}{fooled:>8}{l2:>7}{linf:>7}{forward:9.0f}{backward:9.0f}")
