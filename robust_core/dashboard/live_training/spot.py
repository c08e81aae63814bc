"""Attack it on the spot: one test digit against the trained network and the one beside it."""

import hashlib
from dataclasses import fields

import numpy as np
import streamlit as st
import torch

from robust_core import attacks, imaging, zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.dashboard import controls, fixed, lab
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_whether
from robust_core.dashboard.live_training.beside import WITHOUT, Beside
from robust_core.dashboard.live_training.controls import SLIDERS
from robust_core.dashboard.live_training.outcome import is_overfitted
from robust_core.dashboard.live_training.training import training_key
from robust_core.dashboard.result import BADGES, notices
from robust_core.dashboard.style import PICTURE_SIDE
from robust_core.data import digits, fitting
from robust_core.engine import Reporter, key_of
from robust_core.experiment.perform import Experiment, perform
from robust_core.training.live.train import DIGITS, Trained
from robust_core.words.verdict import said, sentence, verdict

START = "pgd"
ONE_STEP = "fgsm"
BOTH = "FGSM, one step, is what it was trained against. PGD takes several: choose it, and compare."
NAIVE = "softmax-ce"
LOOKED_AT = 50
"""Test pictures searched for one that tells the two attacks apart."""
SOURCE = "the label of the digits test set"


def show_spot_attack(both: tuple[Trained, Beside] | None) -> None:
    """The controls, then the three pictures; nothing but a sentence before the first training."""
    st.markdown("## Attack it on the spot")
    if both is None:
        st.caption(f"Once a network is trained, it is shown here beside {WITHOUT}.")
        return
    trained, beside = both
    images, labels = digits.load("test")
    choose, rest = st.columns([1, 2.9], gap="medium")
    with choose:
        first = follow(trained)  # sets what the controls below show
        place = _choose_digit(len(labels))
        attack = _choose_attack(first)
        if is_overfitted(trained.final):
            st.caption(BOTH)
    pixels = fitting.to_pixels(images[place : place + 1])[0]
    label = int(labels[place])
    nets = (
        (beside.words, beside.model, beside.key),
        ("the network trained here", trained.model, training_key(trained.plan)),
    )
    with rest:
        base, own = (_attacked(pixels, label, attack, *net) for net in nets)
        if base is not None and own is not None:
            _draw(base, own, type(attack), beside.name)


def follow(trained: Trained) -> dict[str, str | float | bool]:
    """The settings that fit a training, by key; they are set once for each, then left to the visitor.

    A setting from this visit's link counts as chosen; one that the link has locked stays.
    """
    plan = trained.plan
    fitting_it: dict[str, str | float | bool] = {
        "spot_attack": ONE_STEP if is_overfitted(trained.final) else START,
        "spot_eps": plan.eps,
        "spot_naive": plan.method == "distillation",
    }
    if st.session_state.get("_spot_for") != training_key(plan):
        st.session_state["_spot_for"] = training_key(plan)
        if is_overfitted(trained.final):
            fitting_it = fitting_it | {"spot_digit": telling(trained)}
        linked = st.session_state.get("_link", {})
        free = (k for k in fitting_it if k not in linked and not fixed.locked(k))
        st.session_state.update({k: fitting_it[k] for k in free})
    return fitting_it


def telling(trained: Trained) -> int:
    """The first test picture on which one step fails and several succeed; 0 where there is none."""
    images, labels = digits.load("test")
    # In whole levels, as the picture that is attacked on the spot.
    pixels = fitting.to_pixels(images[:LOOKED_AT])
    images = torch.cat([fitting.to_tensor(one) for one in pixels]).to(trained.model.device)
    labels = labels[:LOOKED_AT]
    about = zoo.describe(DIGITS)
    holds = {}
    for name in (ONE_STEP, START):
        attack = controls.with_eps(attacks.get(name)(), trained.plan.eps, about)
        record = attack.run(trained.model, images, labels.to(images.device))
        shown = fitting.as_saved(record.x_adv, images).to(images.device)
        with torch.no_grad():
            holds[name] = trained.model(shown).argmax(1).cpu() == labels
    with torch.no_grad():
        right = trained.model(images).argmax(1).cpu() == labels
    found = (right & holds[ONE_STEP] & ~holds[START]).nonzero()
    return int(found[0]) if len(found) else 0


def _choose_digit(count: int) -> int:
    """Which of the test pictures."""
    last = count - 1
    return choose_number(
        f"Test picture, 0 to {last}",
        0,
        last,
        "spot_digit",
        0,
        called="Test picture",
        control=st.number_input,
    )


def _choose_attack(first: dict) -> Attack:
    """An attack on the classifier alone, its eps, and the gradient that it follows; at ``first`` those."""
    names = attacks.local_names()
    name = choose_in_list(
        "Attack",
        names,
        "spot_attack",
        first["spot_attack"],
        shown=lambda n: attacks.get(n).title,
        help="Its other parameters are the defaults; they can be set on the page Attack.",
    )
    kind = attacks.get(name)
    label, (low, high, step), _ = SLIDERS["eps"]
    start, help_ = first["spot_eps"], controls.EPS_HELP
    eps = choose_number(
        label, low, high, "spot_eps", start, called="Epsilon", step=step, help=help_
    )
    if not kind.has_eps:
        st.caption(controls.NO_EPS.format(kind.title))
    attack = controls.with_eps(kind(), eps, zoo.describe(DIGITS))
    loss = next((spec for spec in fields(kind) if spec.name == "loss"), None)
    if loss is None or NAIVE not in loss.metadata["choices"]:
        return attack
    naive = choose_whether(
        "through the softmax",
        "spot_naive",
        first["spot_naive"],
        called="Through the softmax",
        help="Follow the gradient of the cross-entropy through the softmax, which may be exactly zero, "
        "instead of one on the logits.",
    )
    return attack.changed(loss=NAIVE) if naive else attack


def _attacked(
    pixels: np.ndarray, label: int, attack: Attack, name: str, model: Classifier, net: str
) -> Experiment | None:
    """What the attack makes of the picture for the network called ``name``; ``net`` is its key."""

    def work(progress: Reporter) -> Experiment:
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
            net=net,
            attack=attack.name,
            parameters=attack.parameters,
            label=label,
        ),
        work,
        channel=f"spot_{name}",
        doing=f"{type(attack).title} on {name}",
        words=lab.steps(attack),
    )


def _draw(base: Experiment, own: Experiment, attack: type[Attack], name: str) -> None:
    """Clean, and what is adversarial for either network, with what each of them says."""
    clean, wrong = base.pixels()
    title = name.capitalize() if name == "control" else name
    cells = (
        (clean, f"Clean: the label is {base.label.label}", None, None),
        (wrong, f"Adversarial: {said(base.after[0])}", title, base),
        (
            own.pixels()[1],
            f"Adversarial: {said(own.after[0])}",
            "Trained here",
            own,
        ),
    )
    with st.container(key=f"pictures_{clean.shape[0]}"):
        columns = st.columns(3, gap="small")
    for column, (pixels, caption, head, experiment) in zip(columns, cells, strict=True):
        with column:
            _head(head, experiment)
            shown = imaging.data_url(imaging.enlarge(pixels.numpy(), PICTURE_SIDE))
            st.image(shown, caption=caption, alt=caption)
            if experiment is None:
                st.markdown(
                    f"{title}: {said(base.before[0])}  \nTrained here: {said(own.before[0])}"
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
