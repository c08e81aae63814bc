"""Attack: a frozen set of hyper-parameters that can be called on a model and pictures."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from robust_core import distances, probabilities
from robust_core.attacks import knowledge as known
from robust_core.attacks.checks import check_batch, check_labels, round_away, round_towards
from robust_core.attacks.ledger import Curve
from robust_core.attacks.masks import EVERYTHING, check_mask
from robust_core.attacks.oracle import Oracle
from robust_core.contract import HALF, check_pictures, notices
from robust_core.devices import keep_memory
from robust_core.goals import ALL, Aim, Goal, Targeted, Untargeted
from robust_core.modes import evaluating
from robust_core.parameters import HasField, Paper, Parameters

Model = Callable[[Tensor], Tensor]
Observer = Callable[[Tensor, Tensor], object]
Checked = tuple[Tensor, Tensor, Tensor, Oracle]
"""Pictures as given and as worked on (float32 for half precision), their labels, and the oracle."""

GOALS = tuple(goal.name for goal in ALL)
LARGEST = 1e6
"""Upper bound of every length: no two pictures are further apart, and float32 can handle it."""


@dataclass
class AttackResult:
    """The record of an attack: one entry per picture, all tensors detached.

    ``x_adv`` are the adversarial pictures ``[N, C, H, W]``. ``queries_forward`` and ``queries_backward``
    are the passes spent on a picture, not counting the fresh pass behind ``success``. ``zero_gradients``
    counts the steps at which the gradient of the loss was exactly zero. ``trace`` ``[N, T]`` holds the
    value that was ascended (the loss; its negative for a target) at each evaluated iterate, NaN where a
    picture had already left the batch. Distances are float64, as in ``distances``. ``notices`` are
    sentences that belong beside any figure made from it. ``answers`` is what the attack saw of the model's
    answers: "logits", "probabilities" or "labels".

    Only for attacks that learn from queries alone: ``queries_to_success`` int64 ``[N]`` is the number of
    queries after which a picture first reached the goal, -1 where none did; ``curve`` the best distance or
    margin against queries (``ledger.Curve``).
    """

    x_adv: Tensor
    success: Tensor
    iterations: Tensor
    queries_forward: Tensor
    queries_backward: Tensor
    zero_gradients: Tensor
    trace: Tensor
    l0: Tensor
    l1: Tensor
    l2: Tensor
    linf: Tensor
    tv: Tensor
    notices: tuple[str, ...] = ()
    answers: str = probabilities.LOGITS
    queries_to_success: Tensor | None = None
    curve: Curve | None = None


@dataclass(frozen=True, kw_only=True)
class Attack(Parameters):
    """Base of all attacks. Fields are the hyper-parameters; subclasses implement ``perturb``."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    equation: ClassVar[str]
    equation_towards: ClassVar[str] = ""
    """The equation with a class to reach, where it differs."""
    paper: ClassVar[Paper | None] = None
    # The threat model: the norm, what the attacker knows, what it changes, and the channel.
    norm: ClassVar[str] = "linf"
    knowledge: ClassVar[str] = known.WHITE_BOX
    scope: ClassVar[str] = "local"
    channel: ClassVar[str] = "digital"
    goals: ClassVar[tuple[str, ...]] = GOALS
    has_eps = HasField("eps")
    """Whether it stays within a radius, rather than looking for the smallest change."""
    on_a_pair = HasField("detector")
    """Whether it attacks a classifier and its detector, and so needs a detector."""

    @property
    def by_queries(self) -> bool:
        """Whether it learns from the model's answers alone, without gradients."""
        return self.knowledge in known.BY_QUERIES

    @property
    def joint(self) -> bool:
        """Whether it learns from all pictures of a batch, so that one alone may get another result."""
        return False

    @property
    def limit(self) -> int | None:
        """The query limit for each picture, which the oracle enforces; None: no limit."""
        return self.parameters["max_queries"] if self.knowledge in known.LIMITED else None

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences that belong beside every result with these hyper-parameters."""
        return beyond_the_range(self.norm, self.parameters.get("eps"))

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        """The attack itself: float pictures in, pictures in [0, 1] out, all passes through the oracle."""
        raise NotImplementedError

    def formula(self, towards: bool) -> str:
        """The equation of this attack, ``towards`` a class or away from one."""
        return (towards and self.equation_towards) or self.equation

    @property
    def observations(self) -> int:
        """The most calls that an observer gets; fewer where restarts are not needed."""
        return 0

    def __call__(
        self,
        model: Model,
        images: Tensor,
        labels: Tensor,
        targeted: bool = False,
        *,
        adaptive: bool = False,
        observer: Observer | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Attack ``images``.

        Args:
            model: any callable from ``[N, C, H, W]`` in [0, 1] to logits ``[N, K]`` (see ``contract``).
            images: pictures ``[N, C, H, W]`` in [0, 1], any floating dtype and device.
            labels: class indices ``[N]``: the true classes, or the targets if ``targeted``.
            targeted: whether ``labels`` are classes to reach rather than to leave.
            adaptive: whether a defended model is attacked through its defence's adaptive form,
                ``model.adaptive``; a model without one is attacked as it is.
            observer: called as ``observer(pictures, loss)`` with copies at each evaluated iterate;
                what it raises ends the attack.
            mask: zeros and ones ``[1 or N, 1, H, W]``, 1 where pixels may change; elsewhere the result is
                bit-identical to ``images``. None: everywhere.

        Returns:
            Detached pictures of the same shape, dtype and device, in [0, 1] and in the eps-ball.

        Raises:
            ValueError: an argument is wrong; the sentence names it and what is allowed.
        """
        goal = Targeted() if targeted else Untargeted()
        asked = surrogate(model, adaptive)
        return self._attack(
            self._asking(asked, images, labels, goal, observer, mask, recording=False), goal
        )[0]

    def run(
        self,
        model: Model,
        images: Tensor,
        labels: Tensor,
        goal: Goal | None = None,
        *,
        adaptive: bool = False,
        observer: Observer | None = None,
        mask: Tensor | None = None,
    ) -> AttackResult:
        """Attack ``images`` and return the full record; success is tested by a fresh forward pass.

        ``labels`` are the true classes ``[N]``, or the targets if ``goal`` is ``goals.Targeted()``.
        Success is judged on ``model`` itself, even if the attack is adaptive. Otherwise as ``__call__``.
        """
        attacked = surrogate(model, adaptive)
        goal = goal or Untargeted()
        adversarial, aim, oracle = self._attack(
            self._asking(attacked, images, labels, goal, observer, mask, recording=True), goal
        )
        judge = oracle.knowing(known.WHITE_BOX)
        with evaluating(model), judge, oracle.asking(model, beside=0):
            success = aim.success(oracle.check(adversarial.to(oracle.dtype), aim))
            reached = _reached(oracle, images, aim)
        answers = oracle.reading.kind or probabilities.LOGITS
        if self.knowledge in known.LABELS_ALONE:
            answers = probabilities.LABELS
        read = () if self.knowledge in known.LABELS_ALONE else probabilities.notices(answers)
        told = (*notices(model, self), *self.notices, *read, *reached)
        if mask is not None and oracle.free is None:
            told = (*told, EVERYTHING)
        counted = self.knowledge in known.BY_QUERIES
        return AttackResult(
            x_adv=adversarial,
            success=success,
            iterations=oracle.tally("iterations"),
            queries_forward=oracle.tally("queries"),
            queries_backward=oracle.tally("gradients"),
            zero_gradients=oracle.tally("zero_gradients"),
            trace=oracle.trace(),
            notices=told,
            answers=answers,
            queries_to_success=oracle.ledger.first if counted else None,
            curve=oracle.ledger.curve() if counted else None,
            **distances.all_norms(adversarial, images),
        )

    def _attack(
        self, asking: AbstractContextManager[Checked], goal: Goal
    ) -> tuple[Tensor, Aim, Oracle]:
        with asking as (start, work, labels, oracle):
            clean_logits = oracle.logits(work) if goal.needs_clean_logits else None
            aim = goal.bind(labels, clean_logits)
            adversarial = oracle.keep(self._perturb_chosen(oracle, work, aim)).detach()
            rounded = round_towards if self.has_eps else round_away
            return rounded(adversarial, start), aim, oracle

    @contextmanager
    def _asking(
        self,
        model: Model,
        images: Tensor,
        labels: Tensor,
        goal: Goal,
        observer: Observer | None,
        mask: Tensor | None,
        recording: bool,
    ) -> Iterator[Checked]:
        """Check everything before the first pass; yield what has passed, with the model in eval mode."""
        check_batch(images)
        check_pictures(model, images)
        if not isinstance(goal, Goal):
            raise ValueError(f"goal must be one of robust_core.goals, or None; got {goal!r}")
        if goal.name not in self.goals:
            allowed = ", ".join(self.goals)
            raise ValueError(f"goal of {self.name} must be one of {allowed}; got {goal.name}")
        keep_memory()
        # An inference tensor cannot take part in autograd, and autograd may be switched off outside.
        with torch.inference_mode(False), torch.enable_grad(), evaluating(model):
            start = images.detach().clone() if images.is_inference() else images.detach()
            labels = check_labels(labels, start)
            free = check_mask(mask, start)
            work = start.float() if start.dtype in HALF else start
            yield (
                start,
                work,
                labels,
                Oracle(
                    model,
                    work,
                    observer,
                    recording,
                    given=start.dtype,
                    free=free,
                    knowledge=self.knowledge,
                    limit=self.limit,
                ),
            )

    def _perturb_chosen(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        """``perturb`` for the pictures that the goal is about; the others stay as they are."""
        if aim.chosen is None:
            return self.perturb(oracle, images, aim)
        adversarial = images.clone()
        rows = aim.chosen.nonzero().squeeze(1)
        if len(rows):
            with oracle.within(rows):
                adversarial[rows] = self.perturb(oracle, images[rows], aim[rows])
        return adversarial


def beyond_the_range(norm: str, eps: float | None) -> tuple[str, ...]:
    """A notice for an Linf radius above 1, which pixels in [0, 1] cannot use: probably meant in 255ths."""
    if norm != "linf" or eps is None or eps <= 1:
        return ()
    meant = f"; did you mean {eps:g}/255?" if eps <= 255 else "."
    return (f"{eps:g} is beyond the whole range, as pixels are in [0, 1]{meant}",)


def _reached(oracle: Oracle, images: Tensor, aim: Aim) -> tuple[str, ...]:
    """Notices where the class to reach is already reached, ruled out, or the true one."""
    if not aim.towards:
        return ()
    clean = oracle.check(images.detach().to(oracle.dtype), aim)
    before = aim.success(clean)
    told = [f"The model already answers with the target for {_of(before)}."] if before.any() else []
    ruled_out = clean.gather(1, aim.classes.unsqueeze(1)).squeeze(1) == -torch.inf
    if ruled_out.any():
        told.append(
            "The target cannot be reached: its logit is minus infinity, whatever the picture, for "
            f"{_of(ruled_out)}."
        )
    if aim.leaving is not None:
        true = aim.leaving == aim.classes
        told += [f"The target is the true class of {_of(true)}."] if true.any() else []
    return tuple(told)


def _of(chosen: Tensor) -> str:
    n = len(chosen)
    return "the picture" if n == 1 else f"{int(chosen.sum())} of {n} pictures"


def surrogate(model: Model, adaptive: bool = True) -> Model:
    """What an adaptive attack on ``model`` differentiates: ``model.adaptive`` where it has one."""
    return getattr(model, "adaptive", model) if adaptive else model
