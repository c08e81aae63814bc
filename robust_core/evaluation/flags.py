"""Run-time flags: properties of a model for which the usual attacks cannot judge it.

In the manner of the checks of AutoAttack (Croce and Hein, 2020), each found by asking the model about a few
pictures: nothing is attacked. A flag that is raised does not say that the model is weak, but that accuracy
under standard attacks may say too much.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.attacks.checks import check_batch
from robust_core.attacks.multitargeted import TowardsEach
from robust_core.contract import DEPENDS_ON_BATCH, HALF, Asked, check_pictures, notices
from robust_core.evaluation.draws import drawn, fresh, is_random
from robust_core.modes import evaluating
from robust_core.named import Named
from robust_core.probabilities import LOGITS, NOTICES, as_logits, kind

Model = Callable[[Tensor], Tensor]
PICTURES = 4
"""Enough to look at: each flag is about the model, and voting models are slow."""
ASKS = 5
TOLERATED = 1e-4
"""Largest difference of two answers, each divided by its length, that is rounding: as in AutoAttack."""
TOLERATED_HALF = 2e-2
"""The same for answers in half precision."""
DLR_CLASSES = 3
TARGETED_DLR_CLASSES = 4
GRADIENTS = (
    torch.autograd.grad.__code__,
    torch.autograd.backward.__code__,
    torch.Tensor.backward.__code__,
)

QUESTIONS = {
    "random": "Does the model answer at random?",
    "softmax": "Does it answer with probabilities rather than logits?",
    "no-gradient": "Is even the gradient of a margin exactly zero?",
    "inner-optimisation": "Does it optimise while it answers?",
    "few-classes": "Does it have too few classes for the DLR loss?",
    "batch": "Does an answer depend on the other pictures of the batch?",
}
"""By name: "yes" raises the flag."""


@dataclass(frozen=True)
class Flag:
    """One check. ``raised`` is None where it cannot be told; ``sentence`` says what was found."""

    name: str
    question: str
    raised: bool | None
    sentence: str


@dataclass(frozen=True)
class Flags(Named[Flag]):
    """All flags of a model, in the order of ``QUESTIONS``, found on ``n`` pictures."""

    n: int

    @property
    def raised(self) -> tuple[Flag, ...]:
        return tuple(one for one in self.each if one.raised)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Those of the raised flags: what belongs beside a robust accuracy."""
        return tuple(one.sentence for one in self.raised)

    @property
    def is_random(self) -> bool:
        """Whether success has to be judged on fresh draws."""
        return bool(self["random"].raised)

    def summary(self) -> list[dict]:
        """The value of the key ``flags`` in JSON."""
        return [asdict(one) for one in self.each]


def run_time_flags(
    model: Model,
    images: Tensor,
    *,
    attacked: nn.Module | Model | None = None,
    attack: Attack | None = None,
    seed: int = 0,
) -> Flags:
    """Ask a model about the first few of ``images``.

    Args:
        model: any callable from ``[N, C, H, W]`` in [0, 1] to ``[N, K]``.
        images: pictures ``[N, C, H, W]`` in [0, 1] on the device of the model, of which ``PICTURES`` are
            used. No labels: the gradient is that of leaving the model's own answers.
        attacked: what an attacker differentiates, where that is not the model itself.
        attack: the one that runs; without the DLR loss in it, few classes raise no flag. None: any may.
        seed: of the random point in the ball of 8/255 at which the gradient is taken.

    Raises:
        ValueError: the pictures do not fit.
    """
    check_batch(images)
    check_pictures(model, images)
    images = images[:PICTURES].detach()
    ask = _Asker(model)
    with evaluating(model), torch.no_grad():
        with _watching() as called:
            first = ask(images, 1)
        random = _random(ask, images, first, drawing=is_random(model))
        by_batch = _by_batch(ask, model, images, first, random)
    found = {
        "random": random,
        "softmax": _softmax(first),
        "no-gradient": _no_gradient(attacked or model, images, first, seed),
        "inner-optimisation": _inner(called),
        "few-classes": _few_classes(first.shape[1], attack),
        "batch": by_batch,
    }
    each = (Flag(name, question, *found[name]) for name, question in QUESTIONS.items())
    return Flags(tuple(each), len(images))


Answer = tuple[bool | None, str]


class _Asker:
    """The answers ``[N, K]`` of a model under a fresh draw, as they are."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.own = Asked(model)

    def __call__(self, images: Tensor, draw: int) -> Tensor:
        with drawn(self.model, draw) as model:
            ask = self.own if model is self.model else Asked(model)
            return ask(images).detach()


def _far(one: Tensor, other: Tensor) -> float:
    """The largest L2 distance between two answers to a picture, each divided by its length."""
    sides = [torch.nn.functional.normalize(x.double().nan_to_num(), dim=1) for x in (one, other)]
    return float((sides[0] - sides[1]).norm(dim=1).max())


def _tolerated(answers: Tensor) -> float:
    return TOLERATED_HALF if answers.dtype in HALF else TOLERATED


def _random(ask: _Asker, images: Tensor, first: Tensor, *, drawing: bool) -> Answer:
    """Asked again, up to ``ASKS`` times: the first difference decides.

    ``drawing``: it says itself that it draws at random; votes on a few pictures may still be unanimous.
    """
    far = 0.0
    for draw in fresh(ASKS)[1:]:
        far = max(far, _far(first, ask(images, draw)))
        if far > _tolerated(first):
            return True, (
                "The model answers at random: asked again, its answers differ by up to "
                f"{far:.2g} of their length. Success counts on fresh draws only, and attacks must average "
                "over draws (EOT)."
            )
    if drawing:
        return True, (
            f"The model draws at random, although {ASKS} answers to {len(images)} pictures were the same. "
            "Success counts on fresh draws only."
        )
    return False, f"Asked {ASKS} times, it gives the same answers."


def _softmax(first: Tensor) -> Answer:
    answers = kind(first)
    return answers != LOGITS, NOTICES.get(answers, "The answers are logits.")


def _no_gradient(attacked: Model, images: Tensor, first: Tensor, seed: int) -> Answer:
    """At a random start as in APGD: one step, whose record counts gradients of exactly zero."""
    labels = as_logits(first).argmax(1)
    loss = "dlr" if first.shape[1] >= DLR_CLASSES else "margin"
    start = attacks.create("pgd", steps=1, loss=loss, seed=seed)
    with drawn(attacked, 1) as model:
        zero = int((start.run(model, images, labels).zero_gradients > 0).sum())
    n = len(images)
    if not zero:
        return False, f"The gradient of the {loss} loss is there for all of {n} pictures."
    return True, (
        f"The gradient of the {loss} loss is exactly zero for {zero} of {n} pictures: attacks by gradients "
        "stand still there. Go around the step that blocks it (BPDA), or attack by queries."
    )


def _inner(called: list[str]) -> Answer:
    if not called:
        return False, "No gradient is computed while it answers."
    return True, (
        "The model computes gradients while it answers, so it optimises at inference time: standard "
        "attacks do not follow that, an adaptive one is needed."
    )


def _few_classes(classes: int, attack: Attack | None) -> Answer:
    if classes >= (TARGETED_DLR_CLASSES if attack is None else _classes_for(attack)):
        return False, f"It has {classes} classes."
    needs = "the DLR loss needs three, towards a target four"
    if classes == DLR_CLASSES:
        needs = "the DLR loss towards a target needs four"
    return True, f"It has only {classes} classes: {needs}. The plain margin takes its place."


def _classes_for(attack: Attack) -> int:
    """How many classes the DLR losses in an attack, or in its parts, need; 0 where there are none."""
    parts = (attack, *getattr(attack, "parts", ()))
    by_dlr = [part for part in parts if getattr(part, "loss", None) == "dlr"]
    needed = (TARGETED_DLR_CLASSES if isinstance(x, TowardsEach) else DLR_CLASSES for x in by_dlr)
    return max(needed, default=0)


def _by_batch(ask: _Asker, model: Model, images: Tensor, first: Tensor, random: Answer) -> Answer:
    """Each picture alone, under the same draw."""
    if DEPENDS_ON_BATCH in notices(model):
        return True, DEPENDS_ON_BATCH
    if random[0] and not is_random(model):
        return None, "That cannot be told of a model that answers at random."
    far = _far(first, torch.cat([ask(one, 1) for one in images.split(1)]))
    if far <= _tolerated(first):
        return False, "A picture alone gets the answer that it gets in a batch."
    return True, (
        f"A picture alone gets another answer than in a batch, by up to {far:.2g} of its length: what "
        "holds in one batch need not hold in another."
    )


@contextmanager
def _watching() -> Iterator[list[str]]:
    """The names of torch's gradient functions that this thread calls inside, as they are called."""
    called: list[str] = []
    codes: dict[CodeType, str] = {code: code.co_name for code in GRADIENTS}
    before: Any = sys.getprofile()

    def see(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in codes:
            called.append(codes[frame.f_code])

    sys.setprofile(see)
    try:
        yield called
    finally:
        if before is None or callable(before):
            sys.setprofile(before)
        else:  # a cProfile of Python 3.11, which installs itself
            before.enable()
