"""The picture, the network and eps of the ideas that are about a picture: those of every other page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks
from robust_core.classifier import Classifier
from robust_core.dashboard import ascending, controls, left_column, picture_input
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.request import Request
from robust_core.engine import Reporter
from robust_core.experiment.pixels import Ascent

T = TypeVar("T")
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Subject:
    """What is looked at; computations report to ``status``."""

    request: Request
    status: DeltaGenerator

    @property
    def here(self) -> bool:
        """Whether the network's weights are; else they are offered."""
        with self.status:
            return is_here(self.request.model)

    def compute(
        self, work: Callable[[Classifier, Ascent, Reporter], T], *, channel: str, **more: object
    ) -> T | None:
        """``work(model, ascent, progress)`` for this picture; ``more`` it depends on besides."""
        with self.status:
            return ascending.compute(
                self.request, work, channel=channel, doing="Asking the network", **more
            )

    def close(self) -> None:
        """Whose picture it is, and where more come from."""
        left_column.show_credit(self.request.chosen)
        picture_input.offer_download(self.request.model, self.status)

    def channel(self, index: int) -> str:
        """The colour of a channel."""
        return CHANNELS.get(self.request.model.channels, ())[index]

    def conditions(self) -> str:
        """The network and where its label is from."""
        known = (
            "the picture's label" if self.request.label is not None else "the network's own answer"
        )
        return f"{self.request.model.called}; y is {known}."


def choose(places: Places, first: float = 0.01) -> Subject:
    """The controls; eps is ``first`` until it is chosen."""
    with places.essentials:
        model, chosen = left_column.choose_model_and_picture()
        eps = controls.choose_eps(first=first)
    with places.more:
        how = left_column.choose_fit(model, chosen)
    fgsm = attacks.create("fgsm", eps=eps)
    return Subject(Request(chosen, how, model, fgsm, shown_eps=eps), places.status)
