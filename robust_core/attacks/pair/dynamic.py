"""The attack on a classifier and its detector at once (Metzen et al., 2017, section 3.3)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.attacks.balls import LinfBall
from robust_core.attacks.checks import check_detector_logit
from robust_core.attacks.gradient import Steps
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.pair.joint import NEVER_EARLY, detector_parameter
from robust_core.contract import Asked
from robust_core.goals import Aim
from robust_core.modes import evaluating
from robust_core.papers import METZEN
from robust_core.parameters import parameter


@dataclass(frozen=True, kw_only=True)
class Dynamic(Steps):
    """BIM that climbs the losses of two networks: the classifier's, and its detector's.

    Each step adds two signs, taken before they are mixed, so that the scale of neither loss matters.
    ``J_det(x, 1)`` is the detector's cross-entropy for "adversarial": raising it makes the detector
    say "genuine". At ``sigma`` 0 this is BIM, and the detector is not asked; at 1 the classifier is
    only asked whether the labels fit.

    Passes of the detector count as queries and gradients like those of the classifier: twice ``steps``
    of each for a ``sigma`` between 0 and 1. ``success`` in the record is that of the goal, which is
    about the classifier; asking the detector about the result is up to the caller. The trace holds
    the classifier's loss, or the detector's where ``sigma`` is 1.
    """

    name = "dynamic"
    title = "Dynamic adversary"
    summary = "BIM against two networks: the classifier, and the detector beside it."
    equation = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,[(1-\sigma)\,\mathrm{sign}"
        r"(\nabla_x J_{cls}(x_n, y)) + \sigma\,\mathrm{sign}(\nabla_x J_{det}(x_n, 1))]\big)"
    )
    equation_towards = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,[-(1-\sigma)\,\mathrm{sign}"
        r"(\nabla_x J_{cls}(x_n, t)) + \sigma\,\mathrm{sign}(\nabla_x J_{det}(x_n, 1))]\big)"
    )
    paper = METZEN
    goals = NEVER_EARLY

    sigma: float = parameter(
        0.3,
        "Share of the detector: 0 fools the classifier only, 1 the detector only.",
        low=0.0,
        high=1.0,
    )
    detector: object = detector_parameter()

    @property
    def observations(self) -> int:
        return self.steps + (self.sigma < 1)

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        ball = LinfBall(images, self.eps, oracle.free)
        x = images
        if self.sigma == 1:
            oracle.check(images, aim)
        detector: Any = self.detector
        logit = Asked(detector.logit)
        with evaluating(detector):
            for _ in range(self.steps):
                direction = self.direction(oracle, logit, x, aim)
                x = ball.project(torch.add(x, direction, alpha=self.size))
        if self.sigma < 1:
            oracle.show_last(x, aim, "ce")
        return x

    def direction(self, oracle: Oracle, logit: Asked, x: Tensor, aim: Aim) -> Tensor:
        """The mixture of the two signs at ``x``: +-1 or +-(1 - 2 sigma), except where a sign is 0."""
        if self.sigma == 0:
            return oracle.ascent(x, aim, "ce")[0].sign()
        fooling = self._detector_ascent(oracle, logit, x).sign()
        if self.sigma == 1:
            return fooling
        return oracle.ascent(x, aim, "ce")[0].sign().lerp_(fooling, self.sigma)

    def _detector_ascent(self, oracle: Oracle, ask: Asked, x: Tensor) -> Tensor:
        """The direction of the gradient of ``J_det(x, 1)`` at ``x``.

        It is that of ``-logit``: ``J_det = softplus(-logit)`` rises with it, but its own gradient
        underflows to 0 where the detector is sure that the picture is genuine.
        """
        x = x.detach().requires_grad_()
        logit = ask(x)
        check_detector_logit(logit, x)
        oracle.count("queries")
        if self.sigma == 1:
            oracle.count("iterations")
            if oracle.recording:
                oracle.observe(x, nn.functional.softplus(-logit.detach()))
        return oracle.pull(-logit, x, torch.ones_like(logit)).nan_to_num(nan=0.0)
