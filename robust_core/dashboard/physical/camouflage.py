"""The part "Camouflage": an attack that looks like a style, made live."""

from collections.abc import Callable

import streamlit as st
import torch

from robust_core import zoo
from robust_core.areas import Area
from robust_core.attacks.physical.camouflage import Camouflage
from robust_core.classifier import Guess
from robust_core.dashboard import lab, plots
from robust_core.dashboard.area_choice import KINDS, OWN
from robust_core.dashboard.choices import choose_in_list, choose_one
from robust_core.dashboard.components.strip import FOOLED, NEITHER, RIGHT, Cell, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.physical.camouflage_words import EQUATION, HONEST, WHAT, headline, told
from robust_core.dashboard.physical.camouflage_words import term_curves as curves
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.subject import Subject, answer, choose_target, is_wanted
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Key, Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.camouflaged import Growing, Worn, camouflage
from robust_core.zoo import Description

WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
START = Camouflage()
SLIDERS = {"style": "Style", "content": "Content", "attack": "Attack"}
OTHER = "any other class"
AREAS = {kind: words for kind, words in KINDS.items() if kind != OWN}
FIRST = "flower"
"""The style at first, where it is offered: it has strong colours."""
STEPS = (50, 100, 200, 400)
SIDE = 224
GROWING = 160
"""The width of an iterate while it is made."""


def draw(model: Description, chosen: Chosen, how: str) -> None:
    """The style, the weights, and what comes of them; what the paper does otherwise stands below."""
    st.markdown("## An attack that looks like a style")
    st.markdown(WHAT)
    if is_here(model):
        _show_live(Subject(model, chosen, how))
    st.latex(EQUATION)
    st.markdown(HONEST)


def _show_live(subject: Subject) -> None:
    model = subject.model
    with st.container(horizontal=True, vertical_alignment="bottom"):
        style = _choose_style(subject)
        target = choose_target("camouflage", model, OTHER)
        area = _choose_area()
    weights = {}
    for place, (name, label) in zip(st.columns(3, gap="medium"), SLIDERS.items(), strict=True):
        with place:
            weights[name] = _choose_weight(name, label)
    steps = choose_one("Steps", {n: f"{n}" for n in STEPS}, "camouflage_steps", START.steps)
    settings = START.changed(**weights, steps=steps)
    if not is_wanted("camouflage", model, "Disguise it"):
        st.caption("Takes some seconds; you see the picture change, and can stop it.")
        return
    bar, place = st.container(), st.empty()  # so that no picture moves the button that stops it

    def watch(so_far: Growing) -> None:
        words = f"loss {so_far.loss:.3g}"
        cell = Cell(so_far.pixels.numpy(), f"Step {so_far.step} of {steps}", words)
        place.html(strip([cell], side=GROWING))

    key = key_of(
        camouflage=subject.key,
        style=style.id,
        parameters=settings.parameters,
        target=target,
        area=area,
    )
    with bar:
        found = lab.compute(
            key,
            lambda progress: work(subject, style, settings, target, area, progress),
            channel="camouflage",
            doing="Disguising, then the same style without an attack",
            words=lambda k, n: f"step {k:,} of {n:,}",
            watch=watch,
            kept=lambda so_far: (
                f"Below is the picture after step {so_far.step} of {steps}, unfinished."
            ),
        )
    place.empty()
    if found is not None:
        _show(found, subject, style)
    elif (so_far := lab.so_far(key)) is not None:
        _show_unfinished(so_far, subject, key)


def _choose_style(subject: Subject) -> samples.Sample:
    """Any sample that suits the model, but not the picture itself."""
    offered = {
        each.id: each
        for each in samples.catalogue(subject.model.family)
        if subject.chosen.reference != f"sample:{each.id}"
    }
    key = f"style_{subject.model.family}"
    start = FIRST if FIRST in offered else next(iter(offered))

    def title(name: str) -> str:
        return offered[name].title if name in offered else name

    picked = choose_in_list(
        "Style of", list(offered), key, start, shown=title, called="Style", width=260
    )
    return offered[picked]


def _choose_area() -> str:
    words, key = AREAS.__getitem__, "camouflage_area"
    return choose_in_list(
        "It may change", list(AREAS), key, "", shown=words, called="Area", width=200
    )


def _choose_weight(name: str, label: str) -> float:
    return choose_in_list(
        label,
        WEIGHTS,
        f"camouflage_{name}",
        getattr(START, name),
        shown=lambda v: f"{v:g}",
        called=f"Weight of the {label.lower()}",
        control=st.select_slider,
    )


def work(
    subject: Subject,
    style: samples.Sample,
    settings: Camouflage,
    target: int | None,
    area: str,
    progress: Reporter,
) -> Worn:
    """Load and disguise; called in a thread of the engine. Iterates are shown to those who wait."""
    model = subject.model
    mask = None
    if area:
        mask = torch.from_numpy(Area.read(area).mask(*model.input_size))[None, None]
    wanted = to_tensor(model.fitted(style.picture.pixels))
    show: Callable[[Growing], object] = progress.show

    def on(device: torch.device) -> Worn:
        return camouflage(
            zoo.load(model.name, device),
            to_tensor(subject.pixels).to(device),
            wanted,
            settings,
            label=subject.label,
            target=target,
            mask=mask,
            progress=progress,
            watch=show,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def _show_unfinished(so_far: Growing, subject: Subject, key: Key) -> None:
    """The last picture before the visitor stopped it, and what the model says of it."""
    pixels = so_far.pixels.numpy()
    found = lab.compute(
        key_of(unfinished=key, step=so_far.step),
        lambda progress: answer(subject.model, pixels, progress),
        channel="unfinished",
        doing="Asking the model",
    )
    if found is not None:
        cell = Cell(pixels, f"After step {so_far.step}", told(found), NEITHER)
        st.html(strip([cell], side=SIDE))


def _show(found: Worn, subject: Subject, style: samples.Sample) -> None:
    classes = subject.model.class_names
    st.markdown(f"### {headline(found, classes)}")

    def cell(pixels: torch.Tensor, head: str, said: Guess) -> Cell:
        kind = RIGHT if said.index == found.label else FOOLED
        return Cell(pixels.numpy(), head, told(said), kind)

    st.html(
        strip(
            [
                cell(found.clean, "Picture", found.before),
                Cell(subject.model.fitted(style.picture.pixels), "Style", style.title, NEITHER),
                cell(found.alone, "Style alone", found.by_style),
                cell(found.worn, "Camouflage", found.after),
            ],
            side=SIDE,
        )
    )
    st.markdown("**What the loss is made of**, weighted")
    plots.draw(
        curves(found),
        key="camouflage_terms",
        alt="; ".join(
            f"{name} {part[0]:.3g} to {part[-1]:.3g}" for name, part in found.terms.items()
        ),
    )
    credit = f" Style: {style.credit}. {style.licence}." if style.credit else ""
    st.caption(
        f"{found.steps} steps of Adam on {subject.model.name}, smoothness weighted {START.smooth:g}. The "
        "camouflage is the successful iterate whose style, content and smoothness are best. No norm bounds "
        f"it: a value moved by up to {found.linf:.2f}.{credit}"
    )
