"""What the left columns of the pages share: their two parts, the model with its picture, the credit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.areas import Area
from robust_core.attacks import Attack
from robust_core.dashboard import area_choice, controls, photograph, picture_input
from robust_core.dashboard.request import Chosen, Request
from robust_core.goals import Goal
from robust_core.zoo import Description


def lay_out(
    title: str, *, shown: bool = True, gap: Literal["small", "medium"] = "medium"
) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """The places of the essential controls, of the controls below them, and of the results on the right.

    Not ``shown``, the title is there for screen readers alone.
    """
    essentials, more, right = columns(gap)
    place = essentials if shown else essentials.container(key="unseen")
    place.markdown(f"# {title}")
    return essentials, more, right


def columns(
    gap: Literal["small", "medium"] = "medium",
) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """The same places, for a page whose title stands above both columns."""
    left, right = st.columns([1, 2.9], gap=gap)
    with left:
        essentials = st.container(key="essentials")
        more = st.container(key="more")
    return essentials, more, right


def choose_model_and_picture(
    start: str = "", *, first: str | None = None, detected: bool = False
) -> tuple[Description, Chosen]:
    """The picture is shown above the model, but which pictures are offered depends on the model.

    ``start`` is the sample that the page opens with, where it suits the model, and ``first`` the model.
    ``detected``: a page that shows nothing for a model without a detector.
    """
    place_of_picture = st.container(gap="small")
    model = controls.choose_model(first)
    with place_of_picture:
        chosen = picture_input.choose_picture(model, start)
        photograph.look_closer(chosen, model, detected=detected)
        return model, chosen


def choose_fit(model: Description, chosen: Chosen) -> str:
    """How the picture is brought to the model's size; a control only where their sizes differ."""
    fits = chosen.picture.pixels.shape[:2] == model.input_size
    return "crop" if fits else picture_input.choose_fit()


@dataclass(frozen=True)
class Subject:
    """What every request of a page is about: a picture, how it is fitted to a model, what may change."""

    model: Description
    chosen: Chosen
    how: str
    area: Area | None

    def request(
        self, attack: Attack, eps: float, goal: Goal, detector: str | None = None
    ) -> Request:
        """The request that every page makes, so that all share the result; ``eps`` is the page's.

        Raises ``ValueError`` where these do not go together.
        """
        run = controls.with_eps(attack, eps, self.model)
        return Request(
            self.chosen,
            self.how,
            self.model,
            run,
            goal,
            shown_eps=eps,
            detector=detector,
            area=self.area,
        )


def choose_subject(model: Description, chosen: Chosen) -> Subject:
    """How the picture is fitted to the model, and the area that may change."""
    how = choose_fit(model, chosen)
    return Subject(model, chosen, how, area_choice.choose_area(model, chosen, how))


def show_credit(chosen: Chosen) -> None:
    """Whose picture it is, where a credit is due."""
    if chosen.credit:
        st.caption(f"Picture: {chosen.credit} [Source]({chosen.link})")


def about_a_picture(
    essentials: DeltaGenerator,
    more: DeltaGenerator,
    right: DeltaGenerator,
    status: DeltaGenerator,
    draw: Callable[[Description, Chosen, str], None],
) -> None:
    """A part of a page that looks at one picture: its controls, ``draw`` on the right, the credit."""
    with essentials:
        model, chosen = choose_model_and_picture()
    with more:
        how = choose_fit(model, chosen)
    with right:
        draw(model, chosen, how)
    show_credit(chosen)
    picture_input.offer_download(model, status)
