"""What ``train detector`` is asked for, as a record: by the command line, or by the queue."""

import argparse
from dataclasses import dataclass, fields

MODEL = "cifar10-resnet32"
DYNAMIC = "dynamic"
SEVERAL = "several"


@dataclass(frozen=True, kw_only=True)
class DetectorOptions:
    """The options of a detector, in the order in which its command line has them.

    None stands for the default: ``MODEL``, its usual point, the attack's own hyper-parameters, all training
    pictures, the recipe's own epochs. ``start`` names a bundled detector to begin with.
    """

    model: str | None = None
    point: str | None = None
    adversary: str
    eps: float | None = None
    steps: int | None = None
    step_size: float | None = None
    limit: int | None = None
    test_limit: int | None = None
    start: str | None = None
    averaging: float | None = None
    epochs: int | None = None

    @classmethod
    def of(cls, args: argparse.Namespace) -> "DetectorOptions":
        """Those that were given. Raises ``ValueError`` where there is no adversary."""
        if args.adversary is None:
            raise ValueError("detector needs --adversary: the attack to detect, e.g. bim")
        return cls(**{field.name: getattr(args, field.name) for field in fields(cls)})

    @property
    def of_attack(self) -> dict[str, float]:
        """The hyper-parameters of the attack that were given."""
        values = {"eps": self.eps, "steps": self.steps, "step_size": self.step_size}
        return {name: value for name, value in values.items() if value is not None}


# The smallest whole eps (L2: of the four) at which the classifier is right on under 30 %: python -m
# robust_core evaluate --model cifar10-resnet32 --attack fgsm --eps 1/255 2/255 --data cifar10 --limit 2000
FAST = DetectorOptions(adversary="fgsm", eps=2 / 255)
ITERATIVE = DetectorOptions(adversary="bim", eps=1 / 255, steps=10, step_size=1 / 255)
ITERATIVE_L2 = DetectorOptions(adversary="bim-l2", eps=40 / 255, steps=10, step_size=20 / 255)
IN_TURN = (
    FAST,
    ITERATIVE,
    ITERATIVE_L2,
    DetectorOptions(adversary="deepfool"),
    DetectorOptions(adversary="deepfool-linf"),
)
"""The adversaries of ``--adversary several``: each just as the detector that is made for it alone."""
