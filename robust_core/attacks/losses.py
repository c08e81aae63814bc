"""Losses over logits, one value per picture, in forms that do not underflow."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.goals import Aim, PairLoss


def _split(logits: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The logit of each picture's class, ``[N]``, and all logits with that one at -inf, ``[N, K]``."""
    index = classes.unsqueeze(1)
    return logits.gather(1, index).squeeze(1), logits.scatter(1, index, -torch.inf)


def log_odds(logits: Tensor, classes: Tensor) -> Tensor:
    """``log((1 - p) / p)`` for the probability p of ``classes``: logsumexp of the others minus its own.

    Cross-entropy is ``softplus`` of this, an increasing function. Per picture the two gradients
    point the same way, ``grad CE = (1 - p) * grad log_odds``, but the factor ``1 - p`` is exactly 0 in
    float32 for confident pictures (no gradient, false robustness) and is left out here.
    """
    own, others = _split(logits, classes)
    return others.logsumexp(1) - own


def log_odds_slope(logits: Tensor, classes: Tensor) -> Tensor:
    """Gradient of ``log_odds`` with respect to the logits, ``[N, K]``, in closed form.

    The softmax over the other classes, and -1 for the class itself.
    """
    index = classes.unsqueeze(1)
    return logits.scatter(1, index, -torch.inf).softmax(1).scatter_(1, index, -1.0)


def margin(logits: Tensor, classes: Tensor) -> Tensor:
    """``max_{i != y} z_i - z_y``: positive exactly when another class wins (Carlini, Wagner, 2017)."""
    own, others = _split(logits, classes)
    return others.amax(1) - own


def naive_cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """``-log softmax(z)_y`` through the probabilities: underflows, kept to show gradient masking."""
    probabilities = logits.softmax(1).gather(1, classes.unsqueeze(1)).squeeze(1)
    return -torch.log(probabilities)


def dlr(logits: Tensor, classes: Tensor) -> Tensor:
    """Difference of logits ratio (Croce, Hein, 2020, eq. 6): the margin over ``z_pi1 - z_pi3``.

    Invariant to shift and scale of the logits. Needs at least three classes. Where all but two are
    ruled out, at minus infinity, it is the margin itself.
    """
    ordered = _largest(logits, 3)
    return _over(margin(logits, classes), ordered[:, 0] - ordered[:, 2])


def targeted_dlr(logits: Tensor, classes: Tensor, leaving: Tensor | None = None) -> Tensor:
    """``(z_y - z_t) / (z_pi1 - (z_pi3 + z_pi4) / 2)`` (Croce, Hein, 2020, eq. 7), to be lowered.

    ``dlr`` is no use for a target: it is constant, without a gradient, while the target ranks third.
    ``leaving`` are the true classes y; where they are unknown or ruled out, the strongest class other than
    the target is used. Needs four classes; where all but three are ruled out, it is the difference itself.
    """
    ordered = _largest(logits, 4)
    spread = ordered[:, 0] - ordered[:, 2:].mean(1)
    if leaving is None:
        return _over(margin(logits, classes), spread)
    pair = logits.gather(1, torch.stack([leaving, classes], 1))
    ahead = pair[:, 0] - pair[:, 1]
    masked = pair[:, 0] == -torch.inf
    if masked.any():
        ahead = torch.where(masked, margin(logits, classes), ahead)
    return _over(ahead, spread)


def _over(value: Tensor, spread: Tensor) -> Tensor:
    """``value / spread``; ``value`` itself where the spread is zero or, with masked classes, infinite."""
    return value / torch.where((spread > 0) & (spread < torch.inf), spread, 1)


def _largest(logits: Tensor, count: int) -> Tensor:
    if logits.shape[1] < count:
        what = "loss 'dlr'" if count == 3 else "loss 'dlr' towards a target"
        raise ValueError(f"{what} needs at least {count} classes; the model has {logits.shape[1]}")
    return logits.topk(count, dim=1).values


def _as_is(value: Tensor) -> Tensor:
    return value


# name -> (what is differentiated, how it is shown): log-odds are shown as cross-entropy.
LOSSES: dict[str, tuple[PairLoss, Callable[[Tensor], Tensor]]] = {
    "ce": (log_odds, F.softplus),
    "margin": (margin, _as_is),
    "dlr": (dlr, _as_is),
    "softmax-ce": (naive_cross_entropy, _as_is),
}


def ascended(name: str, aim: Aim, logits: Tensor) -> Tensor:
    """The value per picture, ``[N]``, that an attack with this loss raises to reach its aim."""
    if name == "dlr" and aim.towards:
        return aim.loss(logits, partial(targeted_dlr, leaving=aim.leaving))
    return aim.loss(logits, LOSSES[name][0])


def shown(name: str, aim: Aim, value: Tensor) -> Tensor:
    """What ``ascended`` returned, in the unit that is shown to people."""
    return aim.report(value, LOSSES[name][1])
