"""Why the network was fooled: its layers, where it looks, and its last features; for a finished attack."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import detector_choice, lab, plots
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.components.status import status
from robust_core.dashboard.request import Request
from robust_core.dashboard.topics import why_charts, why_looks, why_words
from robust_core.engine import Reporter, key_of
from robust_core.experiment.at_hand import at_hand, record_of
from robust_core.experiment.inside import Crossing, Depth, Looks, crossing, depth, looks
from robust_core.experiment.perform import Experiment
from robust_core.inside import NoMapError

T = TypeVar("T")
ROW = "003-28"


def show(request: Request, experiment: Experiment, *, key: str, heading: str = "") -> None:
    """One of the three views; only that one is computed. ``key`` is the place's own.

    ``heading`` is what makes a headline of its first sentence.
    """
    views: dict[str, Callable[[], None]] = {
        "Layer by layer": lambda: _layers(request, experiment, key, heading),
        "Where it looks": lambda: _looks(request, experiment, heading),
        "Last features": lambda: _crossing(request, experiment, key, heading),
    }
    chosen = pick_one("View", views, f"{key}_why", next(iter(views)), label_visibility="collapsed")
    views[chosen]()
    status(ROW)


def _compute(
    request: Request, view: str, work: Callable[[Classifier, Reporter], T], **more: object
) -> T | None:
    return lab.compute(
        key_of(owner=request.chosen.owner, why=view, experiment=request.key(), more=more),
        lambda progress: lab.with_model(
            request.model.name, lambda model: work(model, progress), progress
        ),
        channel="why",
        doing="Looking inside the network",
    )


def points_of(request: Request) -> tuple[str, ...]:
    """Where the detector reads that is chosen, else the model's usual one; none where it has none."""
    name = request.detector or (
        zoo.default_detector(request.model.name) if request.model.name in zoo.bundled() else None
    )
    entry = detector_choice.entries_of(request.model.name).get(name or "", {})
    point = entry.get("point")
    return tuple(point.split("+")) if point else ()


def _layers(request: Request, experiment: Experiment, key: str, heading: str) -> None:
    points = points_of(request)
    found: Depth | None = _compute(
        request,
        "layers",
        lambda model, progress: depth(model, experiment, points, progress),
        points=list(points),
    )
    if found is None:
        return
    st.markdown(f"{heading}{why_words.amplified(found)}")
    plots.draw(
        why_charts.over_layers(found), key=f"{key}_layers", alt=why_words.layers_in_words(found)
    )
    st.markdown(why_words.see_layers(found, request.model))
    st.caption(why_words.layers_measured(found, request, experiment))


def _looks(request: Request, experiment: Experiment, heading: str) -> None:
    def work(model: Classifier, progress: Reporter) -> Looks | str:
        progress(0)
        try:
            return looks(model, experiment)
        except NoMapError as error:
            return str(error)

    found = _compute(request, "looks", work)
    if isinstance(found, str):
        st.info(f"{lab.capitalised(found)}. {why_words.WITHOUT_MAPS}")
    elif found is not None:
        st.markdown(f"{heading}{why_words.where(found)}")
        why_looks.show_pictures(found, experiment)
        st.markdown(why_words.SEE_LOOKS)
        st.caption(why_words.looks_measured(found, request, experiment))


def _crossing(request: Request, experiment: Experiment, key: str, heading: str) -> None:
    record = record_of(request.model)
    found: Crossing | None = _compute(
        request,
        "features",
        lambda model, progress: crossing(model, experiment, at_hand(request.model), progress),
        pictures=record and record.name,
    )
    if found is None:
        return
    st.markdown(f"{heading}{why_words.crossed(found)}")
    plots.draw(
        why_charts.over_features(found),
        key=f"{key}_features",
        alt=why_words.features_in_words(found),
    )
    st.markdown(why_words.see_features(found, experiment))
    st.caption(why_words.features_measured(found, request, experiment))
