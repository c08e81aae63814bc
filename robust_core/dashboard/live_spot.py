"""Attack it on the spot: one test digit against the trained network and the undefended one."""

import hashlib
from dataclasses import fields, replace

import numpy as np
import streamlit as st

from robust_core import attacks, imaging, zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.dashboard import controls, lab
from robust_core.dashboard.live_training import key as training_key
from robust_core.dashboard.result import BADGES, notices
from robust_core.dashboard.share import number, one_of, setting, truth
from robust_core.dashboard.style import PICTURE_SIDE
from robust_core.data import digits, fitting
from robust_core.engine import Progress, key_of
from robust_core.evaluation.verdict import said, sentence, verdict
from robust_core.experiment import Experiment, perform
from robust_core.training.live import DIGITS, Trained

START = "pgd"
NAIVE = "softmax-ce"
SOURCE = "the label of the digits test set"


def show(trained: Trained | None) -> None:
    """The controls, then the three pictures; nothing but a sentence before the first training."""
    st.markdown("##### Attack it on the spot")
    if trained is None:
        st.caption("Once a network is trained it stands here beside the undefended one.")
        return
    images, labels = digits.load("test")
    choose, rest = st.columns([1, 2.9], gap="medium")
    with choose:
        place = _choose_digit(len(labels))
        attack = _choose_attack()
    pixels = fitting.to_pixels(images[place : place + 1])[0]
    label = labels[place].item()
    with rest:
        outcomes = [
            _attacked(pixels, label, attack, trained, defended) for defended in (False, True)
        ]
        if None not in outcomes:
            _draw(*outcomes, type(attack))


def _choose_digit(count: int) -> int:
    """Which of the test pictures."""
    return st.number_input(
        f"Test picture, 0 to {count - 1}",
        0,
        count - 1,
        step=1,
        key=setting("spot_digit", 0, number(int, 0, count - 1)),
        persist_state="session",
    )


def _choose_attack() -> Attack:
    """An attack on the classifier alone, its eps, and the gradient that it follows."""
    names = attacks.names()
    name = st.selectbox(
        "Attack",
        names,
        format_func=lambda n: attacks.get(n).title,
        key=setting("spot_attack", START, one_of(names)),
        persist_state="session",
        help="Its other parameters are the defaults; they can be set on the page Attack.",
    )
    kind = attacks.get(name)
    eps = controls.choose_eps(kind, own="spot_", chip=0.15)
    attack = controls.with_eps(kind(), eps, zoo.describe(DIGITS))
    loss = next((spec for spec in fields(kind) if spec.name == "loss"), None)
    if loss is None or NAIVE not in loss.metadata["choices"]:
        return attack
    naive = st.toggle(
        "through the softmax",
        key=setting("spot_naive", False, truth),
        persist_state="session",
        help="Follow the gradient of the cross-entropy through the softmax, which may be exactly zero, "
        "instead of one on the logits.",
    )
    return replace(attack, loss=NAIVE) if naive else attack


def _attacked(
    pixels: np.ndarray, label: int, attack: Attack, trained: Trained, defended: bool
) -> Experiment | None:
    """What the attack makes of the picture for one of the networks."""
    name = "trained" if defended else "undefended"

    def work(progress: Progress) -> Experiment:
        model: Classifier = trained.model if defended else zoo.load(DIGITS, "cpu")
        return perform(
            model,
            pixels,
            attack,
            label=label,
            label_source=SOURCE,
            progress=progress,
            frames=False,
        )

    return lab.compute(
        key_of(
            spot=hashlib.sha256(pixels.tobytes()).hexdigest(),
            net=training_key(trained.plan) if defended else DIGITS,
            attack=attack.name,
            parameters=attack.parameters,
            label=label,
        ),
        work,
        channel=f"spot_{name}",
        doing=f"{type(attack).title} on the {name} network",
        words=lab.steps(attack),
    )


def _draw(base: Experiment, own: Experiment, attack: type[Attack]) -> None:
    """Clean, and what is adversarial for either network, with what each of them says."""
    clean, wrong = base.pixels()
    cells = (
        (clean, f"Clean: the label is {base.label.label}", None, None),
        (wrong, f"Adversarial: {said(base.after[0])}", "digits-cnn", base),
        (
            own.pixels()[1],
            f"Adversarial: {said(own.after[0])}",
            "Trained here",
            own,
        ),
    )
    with st.container(key=f"pictures_{clean.shape[0]}"):
        columns = st.columns(3, gap="small")
    for column, (pixels, caption, name, experiment) in zip(columns, cells, strict=True):
        with column:
            _head(name, experiment)
            shown = imaging.png(imaging.enlarge(pixels.numpy(), PICTURE_SIDE))
            st.image(shown, caption=caption, alt=caption, output_format="PNG")
            if experiment is None:
                st.markdown(
                    f"digits-cnn: {said(base.before[0])}  \nTrained here: {said(own.before[0])}"
                )
            else:
                st.markdown(sentence(experiment, attack.norm))
                for told in notices(experiment, attack.norm):
                    st.caption(told)


def _head(name: str | None, experiment: Experiment | None) -> None:
    if experiment is None:
        st.markdown("**Clean**")
        return
    colour, icon = BADGES[verdict(experiment)]
    st.markdown(f"**{name}** :{colour}-badge[{icon} {verdict(experiment).value}]")
