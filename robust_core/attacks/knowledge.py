"""What an attack may know of the model that it attacks. The oracle gives it no more than that.

"white-box": everything, gradients included. "scores": the scores of all classes, logits or probabilities as
the model gives them. "labels": the most likely class alone. "transfer": the same about the attacked model,
and everything about a model of its own. "none": nothing, except that the scores choose among several draws.
"""

import torch
from torch import Tensor

from robust_core.contract import usable

WHITE_BOX = "white-box"
SCORES = "scores"
LABELS = "labels"
TRANSFER = "transfer"
NONE = "none"
ALL = (WHITE_BOX, SCORES, LABELS, TRANSFER, NONE)

BY_QUERIES = (SCORES, LABELS)
"""Those whose attacks learn from the answers to their queries alone."""
LIMITED = (*BY_QUERIES, TRANSFER)
"""Those whose attacks have a query limit, which the oracle enforces."""
LABELS_ALONE = (LABELS, TRANSFER)
"""Those that never see scores."""


def one_hot(answers: Tensor) -> Tensor:
    """The classes of answers ``[N, K]`` as one-hot rows, all that is left of them.

    A row with NaN stays a row of NaN: it names no class.
    """
    answers = usable(answers.detach())
    rows = torch.zeros_like(answers).scatter_(1, answers.argmax(1, keepdim=True), 1)
    return rows.masked_fill_(answers.isnan().any(1, keepdim=True), torch.nan)


def refuse(knowledge: str, what: str) -> RuntimeError:
    """The error of an attack that asks for more than it may know."""
    return RuntimeError(f"an attack that knows {_known(knowledge)} may not {what}")


def _known(knowledge: str) -> str:
    return "the labels alone" if knowledge in LABELS_ALONE else "the scores alone"
