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
from robust_core.dashboard.style import ADVERSARIAL
from robust_core.dashboard.universal.pictures import training
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.goals import Towards
from robust_core.zoo import Description


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
        """Read the set and fit; called in a thread of the engine. Each pass is shown to those who wait."""
        progress(0)
        images, labels = training(self.model, self.n)

        def on(device: torch.device) -> Universal:
            curve: list[float] = []

            def seen(delta: Tensor, rate: Tensor) -> None:
                curve.append(float(rate))
                progress.show(tuple(curve))
                progress(len(curve), max(len(curve), rounds(self.attack)))

            goal = None if self.target is None else Towards(self.target)
            model = zoo.load(self.model.name, device)
            return self.attack.fit(model, images.to(device), labels, goal, observer=seen)

        found = on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
        return found.noted(data=zoo.spec(self.model.name).data)

    def run(self, draw_curve: Callable[[tuple[float, ...]], object]) -> Universal | None:
        """Compute it with a bar, a button that stops it, and its curve as it grows."""
        return lab.compute(
            self.key,
            self.work,
            channel="universal",
            doing=f"Fitting {type(self.attack).title.lower()} to {self.n:,} pictures",
            words=lambda k, n: f"{k:,} of {n:,}",
            watch=draw_curve,
        )


def rounds(attack: UniversalAttack) -> int:
    """How many values its curve will have, at most."""
    return getattr(attack, "passes", 0) or attack.observations


def bundled(model: str, kind: str) -> str | None:
    """The bundled one of a kind for a model; None where there is none."""
    return next(iter(zoo.universals(model, kind)), None)


def learning_curve(curve: tuple[float, ...], across: str, up: str) -> go.Figure:
    """The share fooled after each round."""
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(curve) + 1)),
            y=list(curve),
            mode="lines+markers",
            line={"color": ADVERSARIAL},
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        ),
        plots.layout(220, legend=None),
    )
    spacing = plots.whole_ticks(len(curve))
    figure.update_xaxes(title=across, dtick=spacing, tick0=0, **plots.FIXED)
    figure.update_yaxes(title=up, range=[0, 1.04], tickformat=".0%", **plots.FIXED)
    return figure


def attack_of(name: str, **parameters: object) -> UniversalAttack:
    """A universal attack by its name. Raises ``ValueError`` for bad parameters."""
    made = attacks.create(name, **parameters)
    assert isinstance(made, UniversalAttack)
    return made
