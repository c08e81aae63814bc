"""Adversarial camouflage, simplified (after Duan et al., 2020): a change that looks like a style.

The authors take style and content from VGG-19; here they are those of the attacked classifier's own
features, which are fewer and coarser, so that nothing has to be downloaded. The result is rougher than
theirs. There is no physical adaptation: for random views, see ``eot``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.attacks.checks import (
    check_batch,
    check_classes,
    check_labels,
    check_logits,
)
from robust_core.attacks.losses import log_odds
from robust_core.attacks.masks import check_mask
from robust_core.attacks.physical.features import features_of, gram
from robust_core.contract import Asked, check_pictures
from robust_core.modes import evaluating
from robust_core.papers import DUAN
from robust_core.parameters import Parameters, parameter
from robust_core.probabilities import Reading

Observer = Callable[[Tensor, Tensor], object]
TERMS = ("style", "content", "smooth", "attack")
"""The parts of the loss."""


@dataclass(frozen=True)
class Camouflaged:
    """The record: ``x_adv [N, C, H, W]``, bool ``success [N]``, and P of the class that matters ``[N]``.

    ``appearance`` ``[N]`` is the loss without its attack: style, content and smoothness. ``trace``
    ``[N, steps + 1]`` is the whole loss, and ``terms`` are its parts by name, weighted. ``last`` is the
    last iterate and ``last_probability`` its P: where the weights pull, while ``x_adv`` is the successful
    iterate that looks best.
    """

    x_adv: Tensor
    success: Tensor
    probability: Tensor
    appearance: Tensor
    trace: Tensor
    terms: dict[str, Tensor]
    last: Tensor
    last_probability: Tensor


@dataclass(frozen=True, kw_only=True)
class Camouflage(Parameters):
    """AdvCam (Duan et al., 2020, eq. 2-6) on the classifier's own features, by Adam on the pixels.

    ``min  style |G(x') - G(s)|^2 + content |F(x') - F(x)|^2 + smooth TV(x') + attack J``, J being
    ``-log P(target)`` or, untargeted, ``-log(1 - P(label))``. Gram matrices are divided by channels and
    places, and style and content by the clean picture's own value, so that weights near 1 balance
    whatever the network. Each picture keeps its successful iterate of the best appearance; without a
    success, its last. With ``attack`` 0 it is style transfer, and the last is kept. No norm bounds it.
    """

    name: ClassVar[str] = "camouflage"
    title: ClassVar[str] = "Camouflage"
    paper = DUAN

    style: float = parameter(1.0, "Weight of the style.", low=0.0, high=1e6)
    content: float = parameter(1.0, "Weight of the content.", low=0.0, high=1e6)
    smooth: float = parameter(3.0, "Weight of the total variation.", low=0.0, high=1e6)
    attack: float = parameter(1.0, "Weight of the attack; 0 is style transfer.", low=0.0, high=1e6)
    steps: int = parameter(200, "Number of steps of Adam.", low=1, high=10_000)
    learning_rate: float = parameter(0.02, "Length of a step.", above=0.0, high=1.0)
    layers: int = parameter(4, "Depths at which style is read.", low=1, high=50)

    def __call__(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        style: Tensor,
        *,
        targeted: bool = False,
        mask: Tensor | None = None,
        observer: Observer | None = None,
    ) -> Camouflaged:
        """Hide an attack in a style.

        Args:
            model: a module from ``[N, C, H, W]`` in [0, 1] to logits ``[N, K]``, with convolutions.
            images: pictures ``[N, C, H, W]`` in [0, 1].
            labels: the true classes ``[N]``, or the targets if ``targeted``.
            style: the picture whose style it takes, ``[1 or N, C, h, w]`` in [0, 1], of any size that the
                network takes.
            mask: zeros and ones ``[1 or N, 1, H, W]``, 1 where pixels may change; elsewhere the result is
                bit-identical to ``images``. None: everywhere.
            observer: called as ``observer(pictures, loss)`` with each iterate; what it raises ends it.

        Raises:
            ValueError: an argument is wrong; the sentence names it and what is allowed.
        """
        check_batch(images)
        check_pictures(model, images)
        _check_style(style, images)
        with torch.inference_mode(False), torch.enable_grad(), evaluating(model):
            images = images.detach().clone()
            labels = check_labels(labels, images)
            free = check_mask(mask, images)
            task = _Task(self, model, images, labels, style.detach().clone(), free, targeted)
            return task.run(observer)


class _Task:
    """One run: what stays the same from step to step."""

    def __init__(
        self,
        settings: Camouflage,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        style: Tensor,
        free: Tensor | None,
        targeted: bool,
    ) -> None:
        self.settings = settings
        self.images, self.labels, self.targeted = images, labels, targeted
        self.free = torch.ones_like(images[:, :1], dtype=torch.bool) if free is None else free
        self.ask, self.read = Asked(model), Reading()
        self.features = features_of(model, settings.layers)
        with torch.no_grad():
            own = self.features(images)
            self.content = own[-1]
            self.grams = [gram(x) for x in self.features(style.to(images))]
            begun = [self._apart(x, g) for x, g in zip(own, self.grams, strict=True)]
            # A picture that has the style already, layer by layer, is not divided by nothing.
            self.begun = [x.clamp_min(1e-8) for x in begun]
            self.size = self.content.square().flatten(1).mean(1).clamp_min(1e-8)

    def _apart(self, activation: Tensor, wanted: Tensor) -> Tensor:
        return (gram(activation, self.free.float()) - wanted).square().flatten(1).sum(1)

    def looks(self, x: Tensor) -> dict[str, Tensor]:
        """Style, content and smoothness, weighted, ``[N]`` each; their sum is the appearance."""
        s = self.settings
        seen = self.features(x)
        styles = [
            self._apart(a, g) / begun
            for a, g, begun in zip(seen, self.grams, self.begun, strict=True)
        ]
        content = (seen[-1] - self.content).square().flatten(1).mean(1) / self.size
        return {
            "style": s.style * torch.stack(styles).mean(0),
            "content": s.content * content,
            "smooth": s.smooth * _variation(x, self.free),
        }

    def adversarial(self, logits: Tensor) -> Tensor:
        """``-log P(target)`` or ``-log(1 - P(label))``, ``[N]``, in a form that does not underflow."""
        odds = log_odds(logits, self.labels)  # log((1 - P) / P)
        return F.softplus(odds if self.targeted else -odds)

    def run(self, observer: Observer | None) -> Camouflaged:
        s, n = self.settings, len(self.images)
        x = self.images.clone().requires_grad_()
        adam = torch.optim.Adam([x], s.learning_rate)
        kept, reached = self.images.clone(), torch.zeros_like(self.labels, dtype=torch.bool)
        best = torch.full((n,), torch.inf, dtype=x.dtype, device=x.device)
        trace: dict[str, list[Tensor]] = {name: [] for name in TERMS}
        for step in range(s.steps + 1):
            logits = self._logits(x, first=step == 0)
            terms = self.looks(x)
            looks = sum(terms.values(), torch.zeros_like(best))
            terms["attack"] = (
                s.attack * self.adversarial(logits) if s.attack else torch.zeros_like(best)
            )
            loss = looks + terms["attack"]
            done = ((logits.argmax(1) == self.labels) == self.targeted) & ~logits.isnan().any(1)
            with torch.no_grad():
                counts = done if s.attack else torch.zeros_like(done)
                better = (counts & (looks < best)) | (~reached & ~counts)
                kept[better] = x.detach()[better]
                best[counts & better] = looks.detach()[counts & better]
                reached |= counts
            for name, term in terms.items():
                trace[name].append(term.detach())
            if observer is not None:
                observer(x.detach().clone(), loss.detach().clone())
            if step < s.steps:
                (x.grad,) = torch.autograd.grad(loss.sum(), x)
                adam.step()
                with torch.no_grad():
                    x.copy_(torch.where(self.free, x.clamp(0, 1), self.images))
        return self._record(kept, x.detach(), {k: torch.stack(v, 1) for k, v in trace.items()})

    def _logits(self, x: Tensor, *, first: bool) -> Tensor:
        answers = self.ask(x)
        check_logits(answers, x)
        logits = self.read(answers)
        if first:
            check_classes(self.labels, logits)
        return logits

    @torch.no_grad()
    def _record(self, x: Tensor, last: Tensor, terms: dict[str, Tensor]) -> Camouflaged:
        logits = self._logits(x, first=False)
        said = logits.argmax(1)
        return Camouflaged(
            x_adv=x,
            success=((said == self.labels) == self.targeted) & ~logits.isnan().any(1),
            probability=self._probability(logits),
            appearance=torch.stack(list(self.looks(x).values())).sum(0),
            trace=torch.stack(list(terms.values())).sum(0),
            terms=terms,
            last=last,
            last_probability=self._probability(self._logits(last, first=False)),
        )

    def _probability(self, logits: Tensor) -> Tensor:
        return logits.softmax(1).gather(1, self.labels.unsqueeze(1)).squeeze(1)


def _variation(x: Tensor, free: Tensor) -> Tensor:
    """Mean absolute difference of neighbours of which one may change, ``[N]``."""
    total, count = x.new_zeros(len(x)), x.new_zeros(len(x))
    for axis in (-1, -2):
        n = x.shape[axis] - 1
        either = free.narrow(axis, 0, n) | free.narrow(axis, 1, n)
        apart = x.diff(dim=axis).abs().mean(1, keepdim=True)
        total = total + (apart * either).flatten(1).sum(1)
        count = count + either.flatten(1).sum(1)
    return total / count.clamp_min(1)


def _check_style(style: Tensor, images: Tensor) -> None:
    check_batch(style)
    if style.ndim != 4 or style.shape[1] != images.shape[1] or len(style) not in (1, len(images)):
        either = "1" if len(images) == 1 else f"1 or {len(images)}"
        raise ValueError(
            f"style must be of shape [{either}, {images.shape[1]}, h, w]; got {list(style.shape)}"
        )
