"""The controls of the page Verify: network, picture and eps, and the case that the page opens with."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import controls, own_model, own_model_form, picture_input
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.settings import choose
from robust_core.data.fitting import to_tensor
from robust_core.engine import Key, key_of
from robust_core.experiment import verifiable
from robust_core.experiment.verified import LARGEST
from robust_core.words.models import title
from robust_core.words.numbers import in_255ths

FIRST = "digits-mlp-ibp"
EPS = 0.15
PHOTOGRAPH_EPS = 0.001
PICTURE = "digits-test-30"
"""With the first network and ``EPS``: of all samples the one where PGD misses most."""
PRESETS = {
    "A solver finds what untargeted PGD misses": ("digits-mlp-ibp", PICTURE, EPS),
    "Undefended: broken early": ("digits-mlp", "digits-test-5", 0.06),
    "Adversarially trained: a wide gap": ("digits-mlp-pgd-at", "digits-test-9", 0.1),
}


@dataclass(frozen=True)
class Subject:
    """What is verified: a picture, as one network sees it."""

    chosen: Chosen
    how: str
    model: zoo.Description

    def pixels(self) -> Tensor:
        """``[1, C, H, W]`` in [0, 1]."""
        return to_tensor(self.chosen.fitted(self.model, self.how))

    def label(self, model: Classifier) -> Tensor:
        """The true class ``[1]``; where it is not known, the network's own answer."""
        name = self.chosen.true_label
        if name in model.class_names:
            return torch.tensor([model.class_names.index(name)], dtype=torch.int64, device="cpu")
        with torch.no_grad():
            return model(self.pixels()).argmax(1).cpu()

    def key(self, **more: object) -> Key:
        """Names what is verified, and ``more``."""
        return key_of(
            verified=self.model.name,
            owner=self.chosen.owner,
            label=self.chosen.true_label,
            pixels=self.pixels().numpy().tobytes().hex(),
            **more,
        )


def choose_network_and_picture() -> tuple[zoo.Description, Chosen, str]:
    """The picture is shown above the network, but which are offered depends on the network.

    The last is why the network is not the visitor's own, where it cannot be verified; else "".
    """
    place = st.container(gap="small")
    model, refused = choose_network()
    with place:
        start = verifiable.first_right(model.name, PICTURE)
        return model, picture_input.choose_picture(model, start), refused


def choose_network() -> tuple[zoo.Description, str]:
    """One of the networks that bounds can be made for while one waits, or one that the visitor brings.

    With it why it stands in for the visitor's, or "".
    """
    offered = verifiable.networks()
    first = FIRST if FIRST in offered else next(iter(offered))
    yours = {own_model.OWN: controls.YOURS} if own_model.allowed() else {}
    name = choose_in_list(
        "Network",
        [*offered, *yours],
        "verify_model",
        first,
        shown=lambda name: yours.get(name) or title(name),
        help="All networks of the zoo that can be written as affine maps and ReLUs, and have at most "
        f"{verifiable.MOST:,} ReLUs: few enough for bounds while you wait. Any other such network can be "
        "verified from Python and on the command line."
        + (" The last entry takes a model of your own." if yours else ""),
    )
    if name != own_model.OWN:
        return zoo.describe(name), ""
    name = own_model_form.choose(first)
    why = verifiable.known(name).refusal
    if not why:
        return zoo.describe(name), ""
    return zoo.describe(first), (
        f"Your model cannot be verified here: {why}. What follows is about another network: {title(first)}."
    )


def choose_eps(model: zoo.Description) -> float:
    """The radius that is looked at closely: photographs are broken ten times earlier than digits."""
    digits = model.family == "digits"
    key, start, step, digits_shown, control = (
        ("verify_eps", EPS, 0.005, 3, st.slider)
        if digits
        else ("verify_small_eps", PHOTOGRAPH_EPS, 0.0005, 4, st.number_input)
    )
    return choose_number(
        "Eps to look at closely",
        0.0,
        LARGEST,
        key,
        start,
        called="Eps",
        control=control,
        step=step,
        format=f"%.{digits_shown}f",
        help="The largest change of a pixel, in Linf; pixels are in [0, 1]. "
        f"Dashed on the eps line, which ends at {LARGEST:g} ({in_255ths(LARGEST)}).",
    )


def offer_presets() -> None:
    """Cases that are worth a look."""
    st.markdown(":small[Cases]")
    with st.container(horizontal=True, gap="small"):
        for name, case in PRESETS.items():
            st.button(name, key=f"verify_case_{case[0]}", on_click=_choose, args=case)


def _choose(model: str, picture: str, eps: float) -> None:
    choose("verify_model", model)
    choose(f"picture_{zoo.describe(model).family}", picture)
    choose("source", "samples")
    choose("verify_eps", eps)
