"""FGSM on a signal, beside random noise of the same size in Linf: one signal, and many at several eps."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.classifier import Classifier, Guess
from robust_core.progress import Progress

CLEAN, FGSM, NOISE = "clean", "fgsm", "noise"
KINDS = (CLEAN, FGSM, NOISE)


def changed(kind: str, model: Classifier, signals: Tensor, labels: Tensor, eps: float) -> Tensor:
    """``signals`` ``[N, 1, 1, L]`` clean, after FGSM, or with random signs times ``eps`` (seed 0)."""
    if kind == CLEAN:
        return signals
    options = {"kind": "sign"} if kind == NOISE else {}
    return attacks.create(kind, eps=eps, **options)(model, signals, labels)


@dataclass(frozen=True)
class Line:
    """A signal's values, what the model says of them, and the largest change of a value."""

    values: tuple[float, ...]
    answer: Guess
    linf: float


def lines(model: Classifier, signal: Tensor, label: int, eps: float) -> dict[str, Line]:
    """One signal ``[1, 1, 1, L]`` of class ``label``, by kind of change."""
    found = {}
    truth = torch.tensor([label], dtype=torch.int64, device=signal.device)
    for kind in KINDS:
        x = changed(kind, model, signal, truth, eps)
        largest = (x.double() - signal.double()).abs().max().item()
        found[kind] = Line(tuple(x.flatten().tolist()), model.predict(x, 1)[0][0], largest)
    return found


def right(
    model: Classifier,
    signals: Tensor,
    labels: Tensor,
    levels: tuple[float, ...],
    progress: Progress | None = None,
) -> dict[str, tuple[int, ...]]:
    """How many of ``signals`` are named rightly at each eps of ``levels``, after FGSM and after noise."""
    found: dict[str, tuple[int, ...]] = {FGSM: (), NOISE: ()}
    for k, eps in enumerate(levels):
        for kind in found:
            said = model(changed(kind, model, signals, labels, eps)).argmax(1)
            found[kind] += (int((said == labels).sum()),)
        if progress is not None:
            progress(k + 1, len(levels))
    return found
