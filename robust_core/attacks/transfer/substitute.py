"""Substitute: the attacker's own network, taught by the model's labels and attacked instead of it.

Round by round, as a page may show it::

    attack = attacks.create("substitute", rounds=6)
    for stage in attack.rounds_on(model, start):          # start: pictures [M, C, H, W] in [0, 1]
        found = judge(stage.network, model, images, labels, attack.finish)
        print(stage.size, stage.queries, stage.agreement, found.agreement, found.transfer)

``rounds_on`` asks ``model`` for labels alone, ``stage.queries`` of them by then. ``judge`` asks about
pictures that the attacker does not use; those queries are not counted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.attacks.base import LARGEST, Attack, Model
from robust_core.attacks.black_box.draws import queries_parameter
from robust_core.attacks.checks import check_batch
from robust_core.attacks.gradient import BIM, FGSM, LINF_EPS, PGD, eps_parameter
from robust_core.attacks.knowledge import TRANSFER
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.transfer.learner import AT_ONCE, Learner
from robust_core.attacks.transfer.momentum import MIFGSM
from robust_core.attacks.transfer.networks import NETWORKS
from robust_core.contract import HALF, check_pictures
from robust_core.goals import Aim, SourceTarget, Targeted, Untargeted
from robust_core.modes import evaluating
from robust_core.papers import PAPERNOT_BLACK_BOX
from robust_core.parameters import parameter

FINISHES: dict[str, type[FGSM | BIM]] = {kind.name: kind for kind in (FGSM, BIM, PGD, MIFGSM)}
ALONE = (
    "The substitute has learnt from the attacked pictures, as no others were given (start): a few pictures "
    "teach it little about the model."
)
Ask = Callable[[Tensor], Tensor]
"""From pictures ``[n, C, H, W]`` to their labels as one-hot rows ``[n, K]``; NaN where there is none."""
Tell = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Round:
    """The substitute after one round of training.

    ``number``: of the round (rho), from 0. ``queries``: labels that the model has given so far, one for
    each picture of S. ``pictures`` ``[|S|, C, H, W]`` and ``labels`` ``[|S|]`` are S, the oldest first; the
    last ``new`` of them came with this round. ``agreement``: share of S on which the substitute agrees with
    the model. ``step`` is lambda, with its sign, by which the pictures of the next round are made.
    ``network`` is a copy of the substitute F after this round, in eval mode: pictures in [0, 1] to logits
    ``[n, K]``.
    """

    number: int
    queries: int
    new: int
    agreement: float
    step: float
    pictures: Tensor
    labels: Tensor
    network: nn.Module

    @property
    def size(self) -> int:
        """Number of pictures of S."""
        return len(self.pictures)


@dataclass(frozen=True)
class Judged:
    """A substitute held against the model, on ``n`` pictures that neither has learnt from.

    ``agree``: on how many both give the same answer. ``right``: how many the model gets right; of these
    ``fooled`` are wrong for the model when the attack is made on the substitute. ``own_right`` and
    ``own_fooled``: the same of the substitute itself, where that attack is white-box.
    """

    n: int
    agree: int
    right: int
    fooled: int
    own_right: int
    own_fooled: int

    @property
    def agreement(self) -> float:
        return self.agree / self.n

    @property
    def transfer(self) -> float | None:
        """Share fooled of the pictures that the model gets right; None where there are none."""
        return self.fooled / self.right if self.right else None

    @property
    def white_box(self) -> float | None:
        """Share fooled of the pictures that the substitute gets right; None where there are none."""
        return self.own_fooled / self.own_right if self.own_right else None


def judge(
    network: nn.Module, model: Model, images: Tensor, labels: Tensor, attack: Attack
) -> Judged:
    """``attack`` made on ``network`` and sent on to ``model``.

    ``images`` ``[N, C, H, W]`` with true ``labels`` ``[N]``, of which neither network has learnt.
    """
    clean, own = _said(model, images), _said(network, images)
    moved = torch.cat(
        [
            attack(network, images[rows], labels[rows])
            for rows in torch.arange(len(images), device=images.device).split(AT_ONCE)
        ]
    )
    right, own_right = clean == labels, own == labels
    return Judged(
        n=len(labels),
        agree=int((clean == own).sum()),
        right=int(right.sum()),
        fooled=int((right & (_said(model, moved) != labels)).sum()),
        own_right=int(own_right.sum()),
        own_fooled=int((own_right & (_said(network, moved) != labels)).sum()),
    )


@torch.no_grad()
def _said(model: Model, images: Tensor) -> Tensor:
    """The classes ``[n]`` that a model answers with, asked about ``AT_ONCE`` pictures at a time."""
    with evaluating(model):
        return torch.cat([model(part).argmax(1) for part in images.split(AT_ONCE)])


@dataclass(frozen=True, kw_only=True)
class Substitute(Attack):
    """Practical black-box attack by a substitute network (Papernot et al., 2017, algorithm 1).

    The substitute F is trained on a set S with the model's labels. Between the ``rounds`` S grows by a copy
    of its pictures, each moved by ``step_size`` along the sign of the gradient of F's logit for its label:
    away from that class in the first ``period`` rounds, towards it in the next, and so on (lambda and tau;
    the paper's formula begins the other way, the authors' code this way). The first set are the pictures of
    ``start``, which the model must not have been trained on; without any, the attacked pictures, a few of
    which say little about the model. Then ``final`` is run on F, and its result sent to the model.

    The model is asked for labels alone, once for each picture of S. S doubles between rounds; with a
    ``reservoir`` it grows by at most so many, drawn from S with equal chances (the paper's kappa, from the
    round on in which doubling would add more). More than ``max_queries`` are never asked: the last round
    then adds fewer. Where the first set alone is larger, the pictures come back as they are.

    The pictures of S are clipped to [0, 1], as the model takes no others. All pictures of a batch share
    F, and each counts all queries. With ``start``, a picture gets what it would get alone.
    """

    name = "substitute"
    title = "Substitute"
    summary = (
        "Teaches a small network the labels of the model, attacks that, and sends on the result."
    )
    equation = (
        r"S_{\rho+1} = S_\rho \cup \{x + \lambda_\rho\,\mathrm{sign}\,J_F(x)[\tilde O(x)] : x \in S_\rho\},"
        r"\quad x' = \mathrm{clip}\big(x + \varepsilon\,\mathrm{sign}(\nabla_x J(F, x, y))\big)"
    )
    equation_towards = (
        r"S_{\rho+1} = S_\rho \cup \{x + \lambda_\rho\,\mathrm{sign}\,J_F(x)[\tilde O(x)] : x \in S_\rho\},"
        r"\quad x' = \mathrm{clip}\big(x - \varepsilon\,\mathrm{sign}(\nabla_x J(F, x, t))\big)"
    )
    paper = PAPERNOT_BLACK_BOX
    knowledge = TRANSFER
    goals = (Untargeted.name, Targeted.name, SourceTarget.name)

    eps: float = eps_parameter(LINF_EPS, "linf")
    final: str = parameter(
        "fgsm", "Attack on the substitute, with its defaults.", choices=tuple(FINISHES)
    )
    rounds: int = parameter(6, "Rounds of training; S doubles between them.", low=1, high=50)
    step_size: float = parameter(
        0.1, "Length of the steps to new pictures (lambda).", above=0.0, high=LARGEST, unit="[0, 1]"
    )
    period: int = parameter(3, "Rounds after which those steps change sign (tau).", low=1, high=50)
    reservoir: int | None = parameter(
        None, "Most new pictures of a round (kappa); empty: as many as there are.", low=1
    )
    max_queries: int = queries_parameter(10_000)
    network: str = parameter(
        "cnn",
        "The substitute: a small convolutional network, or two dense layers of 200.",
        choices=tuple(NETWORKS),
    )
    maker: object | None = parameter(
        None,
        "Builds another one: its method build(shape, classes) returns a module; empty: network.",
        method="build",
    )
    epochs: int = parameter(10, "Epochs of training in each round.", low=0, high=1000)
    learning_rate: float = parameter(1e-3, "Adam's step size.", above=0.0, high=10.0)
    augment: bool = parameter(
        False, "Mirror and shift the pictures at random in training: for photographs."
    )
    start: object | None = parameter(
        None, "First pictures, as attacks.Starts; empty: the attacked pictures.", method="pictures"
    )
    seed: int = parameter(0, "Seed of the substitute's weights and batches.", low=0, high=2**31 - 1)

    @property
    def finish(self) -> Attack:
        """The attack on the substitute."""
        made = FINISHES[self.final](eps=self.eps)
        return made.changed(seed=self.seed) if isinstance(made, PGD) else made

    @property
    def observations(self) -> int:
        return self.finish.observations

    @property
    def joint(self) -> bool:
        return self.start is None

    @property
    def notices(self) -> tuple[str, ...]:
        return super().notices + ((ALONE,) if self.joint else ())

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        start = images
        if self.start is not None:
            given: Any = self.start
            start = given.pictures().to(images)
            if start.shape[1:] != images.shape[1:]:
                raise ValueError(
                    f"start must be pictures {list(images.shape[1:])}, as images; got "
                    f"{list(start.shape[1:])}"
                )
        network = None
        for done in self._rounds(oracle.beside, start):
            oracle.count("iterations")
            network = done.network
        if network is None:
            return images
        return self.finish.perturb(oracle.own(network), images, aim)

    def rounds_on(self, model: Model, start: Tensor, tell: Tell | None = None) -> Iterator[Round]:
        """The rounds, one after the other, with ``start`` ``[M, C, H, W]`` as the first set.

        ``model`` is asked for labels alone. ``tell(round, epochs done)`` is called before each batch and
        after each epoch; what it raises ends the training. There is no round where ``start`` is more than
        ``max_queries``. Raises ``ValueError`` for anything but a batch of pictures that fits the model.
        """
        check_batch(start)
        check_pictures(model, start)
        first = start.detach().clone()
        first = first.float() if first.dtype in HALF else first
        oracle = Oracle(model, first[:1], recording=False, knowledge=TRANSFER)

        def ask(x: Tensor) -> Tensor:
            with evaluating(model):
                return oracle.beside(x)

        return self._rounds(ask, first, tell)

    def _rounds(self, ask: Ask, start: Tensor, tell: Tell | None = None) -> Iterator[Round]:
        if len(start) > self.max_queries:
            return
        generator = torch.Generator().manual_seed(self.seed)
        new, pictures = start, start[:0]
        labels = torch.empty(0, dtype=torch.int64, device=start.device)
        queries, learner = 0, None
        for number in range(self.rounds):
            answers = ask(new)
            queries += len(new)
            named = ~answers.isnan().any(1)
            pictures = torch.cat([pictures, new[named]])
            labels = torch.cat([labels, answers[named].argmax(1)])
            if not len(labels):
                return
            learner = learner or Learner(self, start, answers.shape[1], generator)
            learner.learn(pictures, labels, partial(tell, number) if tell else None)
            step = self.step_size * (-1 if number // self.period % 2 == 0 else 1)
            yield Round(
                number=number,
                queries=queries,
                new=int(named.sum()),
                agreement=(_said(learner.network, pictures) == labels).double().mean().item(),
                step=step,
                pictures=pictures,
                labels=labels,
                network=learner.copied(),
            )
            room = min(self.reservoir or len(labels), self.max_queries - queries, len(labels))
            if not room or number + 1 == self.rounds:
                return
            drawn = torch.randperm(len(labels), generator=generator, device="cpu")[:room].sort()
            rows = drawn.values.to(start.device)
            new = learner.beyond(pictures[rows], labels[rows], step)
