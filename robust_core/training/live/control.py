"""The network that a live training is compared with: the same training without the defence."""

from dataclasses import asdict, dataclass

import torch

from robust_core import zoo
from robust_core.classifier import Classifier, Provenance
from robust_core.data import digits
from robust_core.progress import Progress, counter
from robust_core.training.live.train import DIGITS, Plan, WatchedTrainer, first_weights


@dataclass(frozen=True)
class Control:
    """Clean training with the first weights, epochs, seed, learning rate and order of a ``Plan``.

    An epoch has ``copies`` of each picture, as many as the plan's own method, so that both take the same
    number of steps. It has no eps: one control serves all sizes of attack.
    """

    start: str
    epochs: int
    seed: int
    copies: int = 1

    @property
    def choices(self) -> dict[str, int | str]:
        """What decides the outcome, by name."""
        return asdict(self)


def control_of(plan: Plan) -> Control | None:
    """The control of a plan; None for clean training, which is its own."""
    if plan.method == "clean":
        return None
    return Control(plan.begins_with, plan.epochs, plan.seed, plan.copies)


def train_control(control: Control, *, progress: Progress | None = None) -> Classifier:
    """Train it on the CPU; the same control gives the same weights.

    ``progress(k, n)`` is called at first and after each step; raising stops the training. Raises
    ``zoo.ZooError`` where the initial weights are damaged.
    """
    plan = Plan(method="clean", start=control.start, epochs=control.epochs, seed=control.seed)
    images, labels = digits.load("train")
    data = images.repeat(control.copies, 1, 1, 1), labels.repeat(control.copies)
    on_step = counter(progress, control.epochs * -(-len(data[1]) // plan.recipe.batch))
    cpu = torch.device("cpu")
    trainer = WatchedTrainer(first_weights(plan), plan.recipe, control.seed, cpu, on_step=on_step)
    for _ in range(control.epochs):
        trainer.run_epoch(data, None, show=False)
    done = zoo.ready(trainer.result(), cpu)
    done.name = f"{DIGITS}-control"
    done.provenance = Provenance(
        digits.RECORD.full_title, source="live training", details=control.choices
    )
    return done
