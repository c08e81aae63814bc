"""Fitting one perturbation to a set, live: what is asked for, the work, and the curve."""

from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go
import torch
from torch import Tensor

from robust_core import attacks, zoo
from robust_core.attacks import Universal
from robust_core.attacks.universal.base import UniversalAttack
from robust_core.dashboard import lab, plots
from robust_core.dashboard.style import ADVERSARIAL, GREY
from robust_core.dashboard.universal.pictures import training
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.frames import logits_of
from robust_core.goals import Towards
from robust_core.zoo import Description

FEW = 30
"""Pictures by which a pass that is under way is judged: a pass over all of them takes long."""
A_PASS, AT_FIRST = 10, 20
"""So often a pass that is under way is judged; the first time earlier, as visitors wait for it."""


@dataclass(frozen=True)
class Growing:
    """How a fit goes on: the share of all pictures after each round, and within a round ``few`` alone.

    ``within`` holds ``(round, share of the few)``: 0.5 is half of the first round.
    """

    passes: tuple[float, ...]
    within: tuple[tuple[float, float], ...] = ()
    few: int = 0
    fitted: Universal | None = None
    """What is fitted so far."""

    @property
    def rounds(self) -> float:
        """How far it is: 2.5 is half of the third round."""
        return max([len(self.passes), *(at for at, _ in self.within[-1:])])


class Judge:
    """Follows a fit to ``images``, and judges it by ``FEW`` of them, evenly spread, within a pass."""

    def __init__(
        self, attack: UniversalAttack, target: int | None, model: torch.nn.Module, images: Tensor
    ) -> None:
        self.attack, self.target, self.model = attack, target, model
        self.n = len(images)
        self.few = images[:: max(1, self.n // FEW)][:FEW]
        self.own: Tensor | None = None
        self.passes: list[float] = []
        self.within: list[tuple[float, float]] = []
        self.judged = 0

    def growing(self, fitted: Universal | None = None) -> Growing:
        """How it goes on, with what is fitted so far."""
        return Growing(tuple(self.passes), tuple(self.within), len(self.few), fitted)

    def is_due(self, done: int) -> bool:
        """Whether so many pictures of this pass are enough for another look; its end has its own."""
        often = A_PASS if self.within else AT_FIRST
        return done < self.n and done - self.judged >= max(1, self.n // often)

    def look(self, delta: Tensor, done: int) -> None:
        """Judge ``delta`` by the few."""
        self.judged = done
        if self.own is None:
            self.own = self._answers(self.few)
        said = self._answers(self.attack.shown(self.few, delta))
        hit = said != self.own if self.target is None else said == self.target
        self.within.append((len(self.passes) + done / self.n, hit.double().mean().item()))

    def end(self, rate: float) -> None:
        """A round has ended."""
        self.judged = 0
        self.passes.append(rate)

    def _answers(self, images: Tensor) -> Tensor:
        return logits_of(self.model, images).argmax(1)


@dataclass(frozen=True)
class Fitting:
    """One fit to the first ``n`` training pictures; ``target``: the class to reach, None for any other."""

    model: Description
    attack: UniversalAttack
    n: int
    target: int | None = None

    @property
    def key(self) -> str:
        return key_of(
            universal=self.attack.name,
            parameters=self.attack.parameters,
            model=self.model.name,
            n=self.n,
            target=self.target,
        )

    def work(self, progress: Reporter) -> Universal:
        """Read the set and fit; called in a thread of the engine. Each judgement is shown to who waits."""
        progress(0)
        images, labels = training(self.model, self.n)
        data = zoo.spec(self.model.name).data

        def on(device: torch.device) -> Universal:
            goal = None if self.target is None else Towards(self.target)
            model, there = zoo.load(self.model.name, device), images.to(device)
            judge = Judge(self.attack, self.target, model, there)

            def told(done: int = 0) -> None:
                k = judge.n * len(judge.passes) + done
                progress(k, max(k, judge.n * rounds(self.attack)))

            def show(delta: Tensor) -> None:
                fitted = self.attack.unfinished(model, there, goal, delta, list(judge.passes))
                progress.show(judge.growing(fitted.noted(data=data)))

            def seen(delta: Tensor, rate: Tensor) -> None:
                judge.end(float(rate))
                show(delta)
                told()

            def within(delta: Tensor, done: int) -> None:
                told(done)
                if judge.is_due(done):
                    judge.look(delta, done)
                    show(delta)

            return self.attack.fit(model, there, labels, goal, observer=seen, within=within)

        found = on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
        return found.noted(data=data)

    def run(self, draw_curve: Callable[[Growing], object]) -> Universal | None:
        """Compute it with a bar, a button that stops it, and its curve as it grows."""
        n = self.n
        title = type(self.attack).title
        doing = f"Fitting {title[:1].lower()}{title[1:]} to {self.n:,} pictures"
        return lab.compute(
            self.key,
            self.work,
            channel="universal",
            doing=doing,
            words=lambda k, total: f"round {min(k // n + 1, total // n)} of {total // n}",
            watch=draw_curve,
            kept=self._told_of,
        )

    def _told_of(self, growing: Growing) -> str:
        of = rounds(self.attack)
        return f"Below is what {growing.rounds:.2g} of {of} rounds have fitted, unfinished."


def rounds(attack: UniversalAttack) -> int:
    """How many values its curve will have, at most."""
    return getattr(attack, "passes", 0) or attack.observations


def bundled(model: str, kind: str) -> str | None:
    """The bundled one of a kind for a model; None where there is none."""
    return next(iter(zoo.universals(model, kind)), None)


def learning_curve(growing: Growing, across: str, up: str) -> go.Figure:
    """The share fooled after each round; within rounds that of the few, as open circles."""
    curve, within = growing.passes, growing.within
    figure = go.Figure(layout=plots.layout(220, legend=plots.ABOVE if within else None))
    if within:
        name = f"on {growing.few} of them, on the way"
        figure.add_scatter(
            x=[at for at, _ in within],
            y=[rate for _, rate in within],
            name=name,
            mode="lines+markers",
            line={"color": GREY, "dash": "dot"},
            marker={"symbol": "circle-open"},
            hovertemplate="%{x:.1f}: %{y:.1%}<extra></extra>",
        )
    figure.add_scatter(
        x=list(range(1, len(curve) + 1)),
        y=list(curve),
        name="on all pictures",
        mode="lines+markers",
        line={"color": ADVERSARIAL},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    spacing = plots.whole_ticks(max(1, len(curve)))
    figure.update_xaxes(title=across, dtick=spacing, tick0=0, **plots.FIXED)
    if within:
        figure.update_xaxes(range=[0, max(1.0, len(curve), within[-1][0]) + 0.05])
    figure.update_yaxes(title=up, range=[0, 1.04], tickformat=".0%", **plots.FIXED)
    return figure


def attack_of(name: str, **parameters: object) -> UniversalAttack:
    """A universal attack by its name. Raises ``ValueError`` for bad parameters."""
    made = attacks.create(name, **parameters)
    assert isinstance(made, UniversalAttack)
    return made
