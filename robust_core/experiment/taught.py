"""A substitute taught behind the curtain, round by round: what it costs, has learnt, and fools."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.transfer.substitute import Round, Substitute, judge
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.experiment.queried import Curtain, shares_of
from robust_core.goals import Untargeted
from robust_core.progress import Progress

SHOWN = 12
"""Pictures of a round that are kept to be shown."""


@dataclass(frozen=True)
class Lesson:
    """One round. ``queries`` labels were asked for by then, and ``gradients`` times a gradient.

    ``agreement``: share of the ``n`` held-out pictures on which the substitute says as the model.
    ``transfer``: share fooled of those that the model gets right (None: it gets none right), when the
    attack is made on the substitute; ``white_box``: the same of the substitute itself. ``examples``: some
    of the new pictures of S, uint8 ``[H, W, C]``, with the label that the model gave. ``sent``: the page's
    own picture after the attack on this substitute, and ``after`` what the model says to it.
    """

    number: int
    size: int
    queries: int
    gradients: int
    n: int
    agreement: float
    transfer: float | None
    white_box: float | None
    step: float
    examples: tuple[tuple[Tensor, str], ...]
    sent: Tensor
    after: Guess
    success: bool


def teach(
    model: Classifier,
    attack: Substitute,
    start: Tensor,
    held: tuple[Tensor, Tensor],
    pixels,
    *,
    label: int | None = None,
    progress: Progress | None = None,
    show: Callable[[tuple[Lesson, ...]], object] | None = None,
) -> tuple[Lesson, ...]:
    """The rounds of ``attack`` on ``model``.

    Args:
        start: the first pictures of S, ``[M, C, H, W]``, which the model was not trained on.
        held: pictures ``[N, C, H, W]`` and labels ``[N]`` on which each round is judged. What is asked
            about them, and about the page's own picture, is no query of the attacker's teaching.
        pixels: the page's own picture, uint8 ``[h, w, c]``.
        label: its class; None: what the model says.
        progress: called as ``progress(epochs done, epochs in all)``.
        show: called with the rounds so far after each.
    """
    gradients = 0

    def heard(images: Tensor, answers: Tensor) -> None:
        nonlocal gradients
        gradients += images.requires_grad

    clean = to_tensor(pixels).to(model.device)
    with torch.no_grad():
        said = int(shares_of(model(clean)).argmax())
    true = said if label is None else label
    own = torch.tensor([true], device=model.device, dtype=torch.int64)
    images, labels = (x.to(model.device) for x in held)
    done: list[Lesson] = []

    def tell(number: int, epoch: int) -> None:
        if progress is not None:
            progress(number * attack.epochs + epoch, attack.rounds * attack.epochs)

    curtain = Curtain(model, heard)
    for stage in attack.rounds_on(curtain, start.to(model.device), tell):
        found = judge(stage.network, model, images, labels, attack.finish)
        sent = as_saved(attack.finish(stage.network, clean, own), clean)
        with torch.no_grad():
            logits = model(sent)
        done.append(
            Lesson(
                *(stage.number, stage.size, stage.queries, gradients),
                n=found.n,
                agreement=found.agreement,
                transfer=found.transfer,
                white_box=found.white_box,
                step=stage.step,
                examples=_examples(stage, model),
                sent=torch.from_numpy(to_pixels(sent.cpu())[0]),
                after=model.name_classes(shares_of(logits), 1)[0][0],
                success=bool(Untargeted().bind(own).success(logits)[0]),
            )
        )
        if show is not None:
            show(tuple(done))
    return tuple(done)


def _examples(stage: Round, model: Classifier) -> tuple[tuple[Tensor, str], ...]:
    """Some of the pictures that came with a round, evenly spread."""
    count = min(SHOWN, stage.new)
    first = stage.size - stage.new
    rows = [first + place * stage.new // count for place in range(count)]
    pixels = torch.from_numpy(to_pixels(stage.pictures[rows].cpu()))
    names = [model.class_names[i] for i in stage.labels[rows].tolist()]
    return tuple(zip(pixels, names, strict=True))
