"""Source-target on a batch: pictures of one class are to become another, all others are to stay."""

from dataclasses import dataclass

import streamlit as st

from robust_core import attacks, data, zoo
from robust_core.dashboard import lab
from robust_core.dashboard.choices import choose_in_list
from robust_core.data.record import to_float
from robust_core.engine import Reporter, key_of
from robust_core.goals import SourceTarget

MODEL, EPS, MANY = "digits-cnn", 0.15, 200


@dataclass(frozen=True)
class Tally:
    """Of ``pictures`` of the source class, ``right`` at first, how many ``became`` the target.

    Of the ``others``, how many were ``changed`` at all.
    """

    pictures: int
    right: int
    became: int
    others: int
    changed: int


def work(source: int, target: int, progress: Reporter | None = None) -> Tally:
    """PGD on the first test pictures of the digits, for pictures of the source class alone."""
    images, labels = data.get("digits").stored("test")
    images, labels = to_float(images[:MANY]), labels[:MANY]
    model = zoo.load(MODEL)
    answers = model(images).argmax(1)
    found = attacks.create("pgd", eps=EPS).run(
        model, images, labels, goal=SourceTarget(source, target)
    )
    own = labels == source
    return Tally(
        pictures=int(own.sum()),
        right=int((own & (answers == source)).sum()),
        became=int(found.success.sum()),
        others=int((~own).sum()),
        changed=int((found.linf[~own] > 0).sum()),
    )


def show() -> None:
    """Two classes to choose, and the tally."""
    st.markdown("## Source-target on a batch")
    classes = zoo.describe(MODEL).class_names
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = _choose("source", "Pictures of", classes, classes[1])
        target = _choose("target", "are to become", classes, classes[7])
    if source == target:
        st.info("Choose two different classes.")
        return
    one, other = classes.index(source), classes.index(target)
    found = lab.compute(
        key_of(source_target=MODEL, source=one, target=other),
        lambda progress: work(one, other, progress),
        channel="source_target",
        doing="Attacking one class",
    )
    if found is not None:
        st.markdown(f"**{sentence(found, source, target)}**")
    st.caption(f"{MODEL}, the first {MANY} test pictures of the digits, PGD, eps {EPS:g}, Linf.")


def sentence(found: Tally, source: str, target: str) -> str:
    """What became of both groups."""
    return (
        f"{found.became} of {found.pictures} pictures of {source} became {target}. Of the {found.others} "
        f"others {found.changed} were changed."
    )


def _choose(part: str, label: str, classes: tuple[str, ...], start: str) -> str:
    return choose_in_list(label, classes, f"batch_{part}", start, width=140)
