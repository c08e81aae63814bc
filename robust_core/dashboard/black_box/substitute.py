"""The attacker's own network, step by step: S grows, agreement with it, and what it fools grows too."""

import pandas as pd
import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks, data, zoo
from robust_core.attacks import Substitute
from robust_core.dashboard import controls, lab
from robust_core.dashboard.black_box import markup, words
from robust_core.dashboard.black_box.choice import SEES
from robust_core.dashboard.request import Chosen, Request
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.data.datasets import load_test_set
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.taught import Lesson, teach
from robust_core.words.numbers import on_both_scales, percent, share
from robust_core.words.verdict import quoted
from robust_core.zoo import Description

HELD = 300
"""Test pictures on which each round is judged."""
FIRST = 100
"""Test pictures after these, which the attacker begins with."""
START_EPS = 0.15
BUDGET = 1800.0
LINES = {"agrees with the model": (CLEAN, [1, 0]), "fools the model": (ADVERSARIAL, [6, 3])}
Lessons = tuple[Lesson, ...]


def make_request(chosen: Chosen, how: str, model: Description, eps: float, budget: int) -> Request:
    """The substitute with its parameters of the page Attack, asking for at most ``budget`` labels."""
    kept = controls.kept_parameters(Substitute, eps)
    attack = attacks.create(Substitute.name, **(kept | {"max_queries": budget, "eps": eps}))
    return Request(chosen, how, model, attack, shown_eps=eps)


def show(request: Request, status: DeltaGenerator) -> Lessons:
    """The lessons as they come, and their sentence; where the pictures are missing, what to do."""
    record = _record_of(request.model)
    if record is None:
        st.info(_missing(request.model))
        return ()
    headline = st.empty()
    st.caption(words.IDEA)
    stage, chart, pictures = st.empty(), st.empty(), st.empty()
    headline.markdown("## A network of its own is taught by labels.")

    def draw(lessons: Lessons) -> None:
        _draw(request, lessons, stage, chart, pictures)

    draw(())
    with status:
        lessons = lab.compute(
            key_of(taught=request.key(), held=HELD, first=FIRST),
            lambda progress: _work(request, record, progress),
            channel="black box substitute",
            doing="Teaching the substitute",
            words=lambda k, n: f"epoch {k} of {n}",
            watch=draw,
            budget=BUDGET,
        )
    if not lessons:
        return ()
    draw(lessons)
    headline.markdown(f"## {told(lessons)}")
    st.caption(
        f"{request.model.name}, judged on the first {lessons[-1].n} test pictures of {record.title}; the "
        f"substitute begins with the {FIRST} after them, none of which the model was trained on. Attack on "
        f"the substitute: {request.attack.parameters['final']}, eps {on_both_scales(request.shown_eps)}. "
        f"At most {request.attack.parameters['max_queries']:,} labels."
    )
    return lessons


def _work(request: Request, record: data.DataSet, progress: Reporter) -> Lessons:
    progress(0)

    def on(device: torch.device) -> Lessons:
        model = zoo.load(request.model.name, device)
        images, labels = load_test_set(record.name, model, HELD + FIRST)
        attack = request.attack
        assert isinstance(attack, Substitute)
        return teach(
            model,
            attack,
            images[HELD:],
            (images[:HELD], labels[:HELD]),
            request.pixels(),
            label=request.label,
            progress=progress,
            show=progress.show,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def told(lessons: Lessons) -> str:
    """What the last round has reached."""
    last = lessons[-1]
    transfer = "" if last.transfer is None else f", and fools it on {share(last.transfer)}"
    return (
        f"{last.queries:,} labels and {last.gradients} gradients later, the copy agrees with the model on "
        f"{percent(last.agreement)} of new pictures{transfer}."
    )


def _draw(
    request: Request,
    lessons: Lessons,
    stage: DeltaGenerator,
    chart: DeltaGenerator,
    pictures: DeltaGenerator,
) -> None:
    last = lessons[-1] if lessons else None
    cards = []
    if last is not None:
        said = quoted(last.after.label)
        cards.append(
            markup.Card(
                "Sent to the model",
                ADVERSARIAL,
                last.sent.numpy(),
                last.success,
                f"it says {said}",
                "made on the copy alone",
            )
        )
    stage.html(
        markup.stage(
            request.pixels(),
            None,
            request.model.name,
            words.LETS_THROUGH[request.attack.knowledge],
            last.queries if last else 0,
            (),
            cards,
            said=f"{last.gradients if last else 0} gradients given away",
        )
    )
    chart.vega_lite_chart(rows(lessons), form(request.attack.parameters["max_queries"]))
    if last is not None:
        pictures.html(markup.lesson(lessons))


def rows(lessons: Lessons) -> pd.DataFrame:
    """A row for each round and line: ``queries``, ``line``, ``value``."""
    found = [
        (each.queries, line, value, each.number + 1)
        for each in lessons
        for line, value in zip(LINES, (each.agreement, each.transfer), strict=True)
    ]
    frame = pd.DataFrame(found, columns=["queries", "line", "value", "round"])
    return frame.astype({"queries": int, "line": str, "value": float, "round": int})


def form(most: int) -> dict:
    """The Vega-Lite form: agreement and transfer against labels asked for."""

    def by(place: int) -> dict:
        scale = {"domain": list(LINES), "range": [look[place] for look in LINES.values()]}
        legend = {"orient": "top", "symbolType": "stroke", "symbolSize": 160, "offset": 4}
        return {
            "field": "line",
            "type": "nominal",
            "scale": scale,
            "title": None,
            "legend": legend | {"labelLimit": 260},
        }

    return {
        "description": "Agreement with the model and share fooled by transfer, against labels asked for.",
        "height": 260,
        "mark": {
            "type": "line",
            "point": {"filled": True, "size": 60, "aria": False},
            "strokeWidth": 2,
            "aria": False,
        },
        "encoding": {
            "x": {
                "field": "queries",
                "type": "quantitative",
                "title": "labels asked for (each a query)",
                "scale": {"domain": [0, most], "nice": False},
                "axis": {"format": ",d", "grid": False, "tickCount": 6},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": "share of test pictures",
                "scale": {"domain": [0, 1]},
                "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
            },
            "color": by(0),
            "strokeDash": by(1),
            "tooltip": [
                {"field": "line", "type": "nominal"},
                {"field": "round", "type": "quantitative"},
                {"field": "queries", "type": "quantitative", "format": ","},
                {"field": "value", "type": "quantitative", "format": ".1%"},
            ],
        },
    }


def show_how(request: Request) -> None:
    """The equation, the steps, the paper."""
    st.markdown("## How it works")
    st.latex(request.attack.formula(False))
    st.markdown(
        "1. Ask the model for the labels of S, a few pictures of one's own.\n"
        "2. Train a small network F, the copy, on them.\n"
        "3. Move each picture along the sign of F's own gradient for its label; these join S, which "
        "doubles. Ask again.\n"
        "4. At the end attack F, of which all is known, and send the result to the model."
    )
    paper = request.attack.paper
    if paper:
        st.markdown(f"[{paper}]({paper.link})")
    st.caption(f"{SEES[request.attack.knowledge]}: {type(request.attack).summary}")


def first_model() -> str | None:
    """The first model whose test set is on this computer."""
    return next((name for name in zoo.names() if _record_named(name) is not None), None)


def _record_of(model: Description) -> data.DataSet | None:
    """The data set of the model, where it is on this computer."""
    return _record_named(model.name)


def _record_named(name: str) -> data.DataSet | None:
    record = zoo.spec(name).record if name in zoo.bundled() else None
    return record if record is not None and record.available() else None


def _missing(model: Description) -> str:
    """What is missing where the test set is, and the way on."""
    there = first_model()
    instead = "" if there is None else f", or choose another model, such as {there}"
    get = any(record.archives for record in data.of_family(model.family))
    way = "Download it at the end of the page" if get else "It cannot be downloaded here"
    return (
        "The attacker begins with pictures that the model was not trained on: the test set of "
        f"{model.name} is not on this computer. {way}{instead}."
    )
