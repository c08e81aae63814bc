"""The picture and the model that the live parts work on, and what their controls share."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
import torch

from robust_core import zoo
from robust_core.classifier import Guess
from robust_core.dashboard.choices import choose_in_list
from robust_core.dashboard.components import buttons
from robust_core.dashboard.request import Chosen
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Key, Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.modes import evaluating
from robust_core.zoo import Description


@dataclass(frozen=True)
class Subject:
    """A picture as a model sees it."""

    model: Description
    chosen: Chosen
    how: str

    @cached_property
    def pixels(self) -> np.ndarray:
        """uint8 ``[h, w, c]``."""
        return self.chosen.fitted(self.model, self.how)

    @property
    def label(self) -> int | None:
        """The index of the true class, where the model has that class."""
        name = self.chosen.true_label
        return self.model.class_names.index(name) if name in self.model.class_names else None

    @cached_property
    def key(self) -> Key:
        """Names both; a visitor's own picture has a name of its own."""
        return key_of(
            owner=self.chosen.owner,
            model=self.model.name,
            label=self.label,
            shape=self.pixels.shape,
            pixels=hashlib.sha256(self.pixels.tobytes()).hexdigest(),
        )


def answer(model: Description, pixels: np.ndarray, progress: Reporter) -> Guess:
    """What a model says of a picture of its size, uint8 ``[h, w, c]``; called in a thread of the engine."""
    progress(0)

    def on(device: torch.device) -> Guess:
        network = zoo.load(model.name, device)
        images = to_tensor(pixels).to(device)
        with torch.inference_mode(), evaluating(network):
            return network.name_classes(network(images).softmax(1))[0][0]

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def choose_target(part: str, model: Description, otherwise: str) -> int | None:
    """The class to reach; None for what ``otherwise`` says."""
    options = (otherwise, *model.class_names)
    key = f"{part}_target_{model.family}"
    picked = choose_in_list("Make it say", options, key, otherwise, called="Target", width=240)
    return None if picked == otherwise else model.class_names.index(picked)


def is_wanted(part: str, model: Description, button: str) -> bool:
    """Whether the visitor has asked for this part with this model; else the button that does.

    From then on it follows the controls.
    """
    key = f"_{part}_{model.name}"
    if st.session_state.get(key):
        return True
    wanted = {key: True}
    return buttons.begin(
        button, st.session_state.update, wanted, key=f"start_{part}", type="primary"
    )
