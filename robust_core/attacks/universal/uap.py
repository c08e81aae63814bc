"""Universal adversarial perturbations (Moosavi-Dezfooli et al., 2017): DeepFool's ways out, added up."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.deepfool import DeepFool
from robust_core.attacks.gradient import eps_parameter
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.universal.balls import project
from robust_core.attacks.universal.base import (
    Fit,
    Passes,
    Seen,
    UniversalAttack,
    passes_parameter,
    seed_parameter,
    shuffled,
)
from robust_core.goals import Aim
from robust_core.papers import UNIVERSAL
from robust_core.parameters import parameter

UNIVERSAL_EPS = 10 / 255
UNIVERSAL_L2_EPS = 2000 / 255


@dataclass(frozen=True, kw_only=True)
class Perturbation(UniversalAttack):
    """One change of every value, within ``eps`` in Linf."""

    eps: float = eps_parameter(UNIVERSAL_EPS, "linf")


@dataclass(frozen=True, kw_only=True)
class UAP(Perturbation):
    """One perturbation in Linf (Moosavi-Dezfooli et al., 2017, algorithm 1).

    For each picture that still holds, DeepFool's shortest way out of x + v is added to v, and v is
    projected. A way counts only where DeepFool was seen to arrive. The pictures of a mini-batch start
    from the same v; with ``batch`` 1 they come one after the other, as in the paper. The ways are those in
    L2 in either norm, as in the paper. The v returned is the best after any pass.

    With a target (an extension) the ways are those into the target.
    """

    name = "uap"
    title = "Universal perturbation"
    summary = "DeepFool's ways out of many pictures, added up to one change for all."
    equation = (
        r"v \leftarrow P_{p,\xi}(v + \Delta v_i),\quad \Delta v_i = \arg\min_r \lVert r\rVert_2\ "
        r"\text{s.t.}\ \hat k(x_i + v + r) \ne \hat k(x_i)"
    )
    equation_towards = (
        r"v \leftarrow P_{p,\xi}(v + \Delta v_i),\quad \Delta v_i = \arg\min_r \lVert r\rVert_2\ "
        r"\text{s.t.}\ \hat k(x_i + v + r) = t"
    )
    paper = UNIVERSAL

    passes: int = passes_parameter(5)
    fooling: float = parameter(
        0.8, "Share of fooled pictures at which the passes end.", above=0.0, high=1.0
    )
    steps: int = parameter(10, "Most DeepFool steps for a picture.", low=2, high=10_000)
    overshoot: float = parameter(
        0.02, "Share by which DeepFool's way is lengthened.", low=0.0, high=100.0
    )
    candidates: int = parameter(
        10, "Number of likeliest classes considered, the picture's own included.", low=2, high=1000
    )
    batch: int = parameter(8, "Pictures that start from the same v.", low=1, high=100_000)
    seed: int = seed_parameter()

    def search(self, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen) -> Fit:
        walker = DeepFool(steps=self.steps, overshoot=self.overshoot, candidates=self.candidates)
        delta = torch.zeros_like(images[:1])
        passes = Passes(self, oracle, images, aim, seen)
        for number in range(self.passes):
            done = 0
            for rows in shuffled(len(images), self.seed, number, images.device).split(self.batch):
                with oracle.within(rows):
                    start = oracle.keep(self.shown(images[rows], delta))
                    _, ways, there = walker.walk(oracle, start, aim[rows])
                delta = project(delta + ways[there].sum(0, keepdim=True), self.eps, self.norm)
                done += len(rows)
                seen.batch(delta, done)
            if passes.end(delta) >= self.fooling:
                break
        return passes.best()


@dataclass(frozen=True, kw_only=True)
class UAPL2(UAP):
    """One perturbation of a bounded Euclidean length (Moosavi-Dezfooli et al., 2017, with p = 2)."""

    name = "uap-l2"
    title = "Universal perturbation (L2)"
    summary = "DeepFool's ways out, added up within a Euclidean ball."
    norm = "l2"

    eps: float = eps_parameter(UNIVERSAL_L2_EPS, "l2")
