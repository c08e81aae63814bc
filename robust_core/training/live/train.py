"""Training the digits network while somebody watches: seconds on a CPU, with figures for each epoch."""

import copy
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core import zoo
from robust_core.classifier import Classifier, Provenance
from robust_core.data import digits
from robust_core.evaluation.snapshot import Snapshot, copies, snapshot
from robust_core.progress import Progress, counter
from robust_core.training.copies import with_copies
from robust_core.training.objectives import (
    Batch,
    Clean,
    CopiesTraining,
    Distillation,
    FGSMTraining,
    GradientPenalty,
    LambdaTraining,
    Objective,
    PGDTraining,
)
from robust_core.training.objectives.base import check
from robust_core.training.objectives.crafting import ascend, crafting_copy
from robust_core.training.pictures import Split
from robust_core.training.recipes import DIGITS, Recipe
from robust_core.training.run import Trainer, lesson
from robust_core.zoo import specs

RANDOM = "random"
STARTS = (RANDOM, DIGITS)
"""Initial weights: random ones, or those of the undefended network."""
METHODS: dict[str, tuple[str, ...]] = {
    "fgsm": ("eps", "alpha", "random_start", "start", "epochs"),
    "pgd": ("eps", "steps", "start", "epochs"),
    "lambda": ("eps", "weight", "start", "epochs"),
    "distillation": ("eps", "temperature", "epochs"),
    "static": ("eps", "epochs"),
    "gradient": ("eps", "start", "epochs"),
    "clean": ("eps", "start", "epochs"),
}
"""Each method's own choices; ``eps`` is also the size of the attacks that it is measured with."""
MOST_EPOCHS = 20
MOST_STEPS = 5
WATCHED = 100
WATCHED_STEPS = 10
"""Test pictures that are attacked after each epoch, and the steps of PGD for them."""
FINAL = 450
FINAL_STEPS = 20
"""Pictures of the test set and of the training set, and steps of PGD, at the end."""
LOSS_PICTURES = 256
"""Training pictures that the losses of an epoch are measured on."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to train. A method ignores the fields that are not its own (``METHODS``).

    ``alpha`` is the weight of the clean loss, ``weight`` the lambda of the adversarial one, ``steps`` those
    of PGD, ``eps`` in [0, 1] pixel units. Raises ``ValueError`` for a value out of its range.
    """

    method: str = "fgsm"
    eps: float = 0.15
    alpha: float = 0.5
    random_start: bool = True
    weight: float = 0.3
    steps: int = 3
    temperature: float = 100.0
    start: str = RANDOM
    epochs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("method", self.method, tuple(METHODS)),
            ("start", self.start, STARTS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        check("eps", self.eps, 0, 1)
        check("alpha", self.alpha, 0, 1)
        check("weight", self.weight, 0, 100)
        check("steps", self.steps, 1, MOST_STEPS)
        check("temperature", self.temperature, 1, 1000)
        check("epochs", self.epochs, 1, MOST_EPOCHS)
        check("seed", self.seed, 0, 10**6)

    @property
    def choices(self) -> dict[str, float | int | str | bool]:
        """What decides the outcome, by name: two plans with equal choices are one training."""
        own = METHODS[self.method]
        return {k: v for k, v in asdict(self).items() if k in (*own, "method", "seed")}

    @property
    def begins_with(self) -> str:
        """The initial weights: copies are made on the undefended network, students start at random."""
        return {"static": DIGITS, "distillation": RANDOM}.get(self.method, self.start)

    @property
    def copies(self) -> int:
        """Copies of each training picture in an epoch."""
        return 2 if self.method == "static" else 1

    @property
    def attacks_itself(self) -> bool:
        """Whether each step attacks its pictures on the current weights."""
        return self.method in ("pgd", "lambda") or (self.method == "fgsm" and self.alpha < 1)

    @property
    def objective(self) -> Objective:
        """What is minimised. The step of FGSM is eps, from a random start 1.25 eps (Wong et al., 2020)."""
        eps = self.eps
        match self.method:
            case "fgsm":
                step = 1.25 * eps if self.random_start else eps
                start = self.random_start
                return FGSMTraining(eps=eps, step=step, alpha=self.alpha, random_start=start)
            case "pgd":
                step = eps if self.steps == 1 else 1.5 * eps / self.steps
                return PGDTraining(eps=eps, step=step, steps=self.steps)
            case "lambda":
                return LambdaTraining(eps=eps, sigma=max(eps / 2, 1e-6), weight=self.weight)
            case "distillation":
                return Distillation(temperature=self.temperature)
            case "static":
                return CopiesTraining(eps=eps)
            case "gradient":  # h: a step that bfloat16 can resolve
                return GradientPenalty(eps=eps, h=0.05)
        return Clean()

    @property
    def recipe(self) -> Recipe:
        """One cycle of the learning rate. Small batches and no weight decay: few epochs are enough."""
        return Recipe(
            model=DIGITS,
            data=digits.RECORD.name,
            epochs=self.epochs,
            peak_rate=0.03,
            batch=32,
            weight_decay=0.0,
            objective=self.objective,
        )


@dataclass(frozen=True)
class Epoch:
    """After ``number`` epochs (0: before the first): two losses and how the network does.

    The losses are mean cross-entropies of training pictures, as they are and after one FGSM step of
    size eps; for distillation of ``softmax(Z / T)``, which is what is trained.
    """

    number: int
    clean_loss: float
    adversarial_loss: float
    at: Snapshot


@dataclass(frozen=True)
class Trained:
    """A network to attack like any other, and its epochs. ``final`` is over all test pictures.

    It includes PGD through the softmax where gradients of the last epoch were zero. ``seen`` is the same
    over equally many training pictures.
    """

    plan: Plan
    model: Classifier
    history: tuple[Epoch, ...]
    final: Snapshot
    seen: Snapshot
    seconds: float


class WatchedTrainer(Trainer):
    """A training that calls ``on_step`` after each of its steps."""

    def __init__(self, *arguments, on_step: Callable[[], object]) -> None:
        super().__init__(*arguments)
        self.on_step = on_step

    def step(self, batch: Batch) -> float:
        loss = super().step(batch)
        self.on_step()
        return loss


def train_live(
    plan: Plan,
    *,
    progress: Progress | None = None,
    watch: Callable[[tuple[Epoch, ...]], object] | None = None,
) -> Trained:
    """Train the digits network on the CPU by ``plan``; the same plan gives the same weights.

    Args:
        progress: called as ``progress(k, n)`` at first and after each step, a teacher's among them.
        watch: called with all epochs so far after each of them.

    Raising in either stops the training. Raises ``zoo.ZooError`` where the initial weights are damaged.
    """
    started = time.perf_counter()
    cpu = torch.device("cpu")
    recipe = plan.recipe
    objective = plan.objective
    data = digits.load("train")
    test = digits.load("test")
    model = first_weights(plan)
    fit = data
    if isinstance(objective, CopiesTraining):
        with tempfile.TemporaryDirectory() as folder:
            fit = with_copies(model, data, recipe, folder=Path(folder), seed=plan.seed, device=cpu)
    distilled = isinstance(objective, Distillation)
    on_step = counter(progress, plan.epochs * (1 + distilled) * -(-len(fit[1]) // recipe.batch))
    teacher: Classifier | None = None
    if distilled:
        teacher = copy.deepcopy(model)
        teaching = WatchedTrainer(teacher, lesson(recipe), plan.seed, cpu, on_step=on_step)
        lesson(recipe).objective.begin(teacher)
        for _ in range(plan.epochs):
            teaching.run_epoch(data, None, show=False)
        teacher = teaching.result()
    objective.begin(model)
    trainer = WatchedTrainer(model, recipe, plan.seed, cpu, teacher, on_step=on_step)
    history = [_epoch(0, plan, trainer.model, data, test)]
    for number in range(1, plan.epochs + 1):
        if watch is not None:
            watch(tuple(history))
        trainer.run_epoch(fit, None, show=False)
        history.append(_epoch(number, plan, trainer.model, data, test))
    if watch is not None:
        watch(tuple(history))
    done = zoo.ready(trainer.result(), cpu)
    masked = history[-1].at.zero_gradients > 0
    final = measure(done, plan.eps, masked=masked)
    seen = measure(done, plan.eps, split="train")
    details = plan.choices
    done.name = f"{DIGITS}-live"
    done.provenance = Provenance(digits.RECORD.full_title, final.clean, "live training", details)
    return Trained(plan, done, tuple(history), final, seen, time.perf_counter() - started)


def first_weights(plan: Plan) -> Classifier:
    """The network as the training finds it, before ``Objective.begin``."""
    if plan.begins_with == RANDOM:
        return specs.untrained(DIGITS, plan.seed)
    model = copy.deepcopy(zoo.load(DIGITS, "cpu"))
    return model.requires_grad_(True)


def measure(
    model: Classifier, eps: float, *, split: str = "test", masked: bool = False
) -> Snapshot:
    """Any digits network under the attacks of ``Trained.final``, or of ``seen`` ("train")."""
    images, labels = (part[:FINAL] for part in digits.load(split))
    old = copies(zoo.load(DIGITS, "cpu"), images, labels, eps=eps)
    return snapshot(model, images, labels, eps=eps, steps=FINAL_STEPS, masked=masked, old=old)


def _epoch(number: int, plan: Plan, model: Classifier, data: Split, test: Split) -> Epoch:
    """Measure the current weights on a frozen copy."""
    frozen = crafting_copy(model)
    images, labels = (part[:LOSS_PICTURES] for part in data)
    temperature = plan.temperature if plan.method == "distillation" else 1.0

    def softened(x: Tensor) -> Tensor:
        return frozen(x) / temperature

    moved = ascend(softened, images, labels, eps=plan.eps, step=plan.eps)
    with torch.inference_mode():
        before, after = (F.cross_entropy(softened(x), labels).item() for x in (images, moved))
    shown = [part[:WATCHED] for part in test]
    old = copies(zoo.load(DIGITS, "cpu"), *shown, eps=plan.eps)
    masked = plan.method == "distillation"
    at = snapshot(frozen, *shown, eps=plan.eps, steps=WATCHED_STEPS, masked=masked, old=old)
    return Epoch(number, before, after, at)
