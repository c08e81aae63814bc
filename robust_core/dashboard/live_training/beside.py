"""The network shown beside the one trained here: its control, or digits-cnn where it has none."""

from dataclasses import dataclass

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.engine import Reporter, key_of
from robust_core.evaluation.snapshot import Snapshot
from robust_core.training.live.control import Control, control_of, train_control
from robust_core.training.live.train import DIGITS, Plan, measure
from robust_core.training.recipes import RECIPES

WITHOUT = "the same network trained without the defence"


@dataclass(frozen=True)
class Beside:
    """``key`` names its weights in the cache; ``name`` is short, ``head`` for a table, ``words`` long."""

    model: Classifier
    key: str
    name: str
    head: str
    words: str


def control_key(control: Control) -> str:
    """The name of its training in the cache."""
    return key_of(live_control=control.choices)


def control_to_train(plan: Plan) -> Control | None:
    """The control of ``plan`` unless it is in the cache; None also where there is no control."""
    control = control_of(plan)
    return (
        None if control is None or lab.engine().peek(control_key(control)) is not None else control
    )


def find_beside(plan: Plan, *, doing: str) -> Beside | None:
    """The control, trained at most once, with a bar that says ``doing``; None where it was stopped."""
    control = control_of(plan)
    if control is None:
        return Beside(
            zoo.load(DIGITS, "cpu"),
            DIGITS,
            DIGITS,
            f"{DIGITS}, as bundled",
            f"the bundled {DIGITS}",
        )

    def work(progress: Reporter) -> Classifier:
        return train_control(control, progress=progress)

    model = lab.compute(
        control_key(control),
        work,
        channel="live_control",
        doing=doing,
        words=lambda k, n: f"epoch {epoch_of(k, n, control.epochs)} of {control.epochs}",
    )
    if model is None:
        return None
    return Beside(model, control_key(control), "control", "Control: without the defence", WITHOUT)


def epoch_of(k: int, n: int, epochs: int) -> int:
    """The epoch, from 1, that step ``k`` of ``n`` belongs to."""
    return min(epochs, 1 + k * epochs // max(1, n))


def measured(
    beside: Beside, eps: float, *, split: str = "test", masked: bool = False
) -> Snapshot | None:
    """It under the attacks that the trained network was measured with, once for each eps."""
    return lab.compute(
        key_of(live_base=eps, net=beside.key, split=split, masked=masked),
        lambda progress: measure(beside.model, eps, split=split, masked=masked),
        channel=f"live_base_{split}",
        doing=f"Attacking {beside.words} on {'training' if split == 'train' else split} pictures",
    )


def difference(plan: Plan, beside: Beside) -> str:
    """What ``beside`` is, and how it differs from the network trained by ``plan``."""
    if beside.key == DIGITS:
        recipe = RECIPES.get(DIGITS)
        return (
            "Clean training is its own control: there is no defence to compare. "
            f"{DIGITS} was trained clean as well, with other settings: {recipe.epochs} epochs "
            f"from random weights, batches of {recipe.batch}, shifted pictures, weight decay. These "
            "make the difference."
        )
    teacher = " The teacher's epochs come on top." * (plan.method == "distillation")
    twice = ", each picture twice in an epoch, as with its copy" * (plan.copies > 1)
    return (
        f"Control: {beside.words}, with the same first weights, {plan.epochs} epochs{twice}, learning "
        f"rate, seed and order of pictures.{teacher}"
    )
