"""The attacker's own network, step by step: S grows, agreement with it, and what it fools grows too."""

import pandas as pd
import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks, data, zoo
from robust_core.attacks import Substitute
from robust_core.dashboard import controls, lab
from robust_core.dashboard.black_box import courses, markup, running, words
from robust_core.dashboard.black_box.choice import SEES
from robust_core.dashboard.black_box.courses import HELD, Course, record_of
from robust_core.dashboard.request import Chosen, Request
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.dashboard.together import Part
from robust_core.data.datasets import load_test_set
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.taught import Lesson, teach
from robust_core.words.numbers import on_both_scales, percent, share
from robust_core.words.verdict import quoted
from robust_core.zoo import Description

START_EPS = 0.15
BUDGET = 1800.0
LINES = {"agrees with the model": (CLEAN, [1, 0]), "fools the model": (ADVERSARIAL, [6, 3])}
Lessons = tuple[Lesson, ...]


def make_request(
    chosen: Chosen, how: str, model: Description, eps: float, budget: int, course: Course
) -> Request:
    """The substitute with its parameters of the page Attack, asking for at most ``budget`` labels.

    The course's own come first.
    """
    values = controls.kept_parameters(Substitute, eps) | {"max_queries": budget, "eps": eps}
    attack = attacks.create(Substitute.name, **(values | dict(course.parameters)))
    return Request(chosen, how, model, attack, shown_eps=eps)


def show(request: Request, course: Course, status: DeltaGenerator) -> Lessons:
    """The lessons as they come, and their sentence; where the pictures are missing, what to do.

    Those that take long wait for the visitor's word.
    """
    record = record_of(request.model.name)
    if record is None:
        st.info(_missing(request.model))
        return ()
    part = Part(
        key_of(taught=request.key(), held=HELD, first=course.first),
        lambda progress: _work(request, record, course, progress),
        "black box substitute",
        BUDGET,
    )
    seconds = courses.seconds_to_come(request, course)
    if seconds is None:
        return ()
    if not running.is_wanted({Substitute.name: part}, seconds):
        running.offer({Substitute.name: part}, courses.cost_ahead(request, course, seconds))
        return ()
    return _taught(request, course, record, part, status)


def _taught(
    request: Request, course: Course, record: data.DataSet, part: Part, status: DeltaGenerator
) -> Lessons:
    """Compute them, drawing each."""
    headline = st.empty()
    st.caption(words.IDEA)
    stage, chart, pictures = st.empty(), st.empty(), st.empty()
    headline.markdown("## The attacker trains a network of its own on labels.")

    def draw(so_far: Lessons) -> None:
        _draw(request, so_far, stage, chart, pictures)

    draw(())
    with status:
        done = lab.compute(
            part.key,
            part.work,
            channel=part.channel,
            doing="Teaching the substitute",
            words=lambda k, n: f"epoch {k} of {n}",
            watch=draw,
            budget=part.budget,
        )
    if not done:
        return ()
    draw(done)
    headline.markdown(f"## {told(done)}")
    given = request.attack.parameters
    varied = ", mirrored and shifted at random" if given["augment"] else ""
    st.caption(
        f"{request.model.name}, judged on the first {done[-1].n} test pictures of {record.title}; the "
        f"substitute begins with the {course.first:,} after them, none of which the model was trained on. "
        f"{given['epochs']} epochs a round{varied}. Attack on the substitute: {given['final']}, eps "
        f"{on_both_scales(request.shown_eps)}. At most {given['max_queries']:,} labels."
    )
    return done


def _work(request: Request, record: data.DataSet, course: Course, progress: Reporter) -> Lessons:
    progress(0)

    def on(device: torch.device) -> Lessons:
        model = zoo.load(request.model.name, device)
        images, labels = load_test_set(record.name, model, HELD + course.first)
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
        "1. Ask the model for the labels of S, a few pictures of your own.\n"
        "2. Train a small network F, the copy, on them.\n"
        "3. Move each picture along the sign of F's own gradient for its label; these join S, which "
        "doubles. Ask again.\n"
        "4. At the end attack F, about which everything is known, and send the result to the model."
    )
    paper = request.attack.paper
    if paper:
        st.markdown(f"[{paper}]({paper.link})")
    st.caption(f"{SEES[request.attack.knowledge]}: {type(request.attack).summary}")


def first_model() -> str | None:
    """The first model whose test set is on this computer."""
    return next((name for name in zoo.names() if record_of(name) is not None), None)


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
