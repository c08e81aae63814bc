"""Request: everything that decides an experiment, and its key in the cache."""

import hashlib
import shlex
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from functools import wraps

import numpy as np
import torch

from robust_core import attacks, zoo
from robust_core.areas import Area
from robust_core.data.picture import Picture
from robust_core.devices import best_device
from robust_core.engine import Key, Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.perform import UNTARGETED, Experiment, perform
from robust_core.goals import ConfidenceReduction, Goal, LeastLikely, SourceTarget, Towards


def _once(work: Callable[["Request"], Key]) -> Callable[["Request"], Key]:
    """A method of a request that is worked out once: nothing of it ever changes."""

    @wraps(work)
    def kept(self: "Request") -> Key:
        known = vars(self)
        if (name := f"_{work.__name__}") not in known:
            known[name] = work(self)
        return known[name]

    return kept


@dataclass(frozen=True)
class Chosen:
    """The picture on the page: where it comes from and, where that is known, what it shows."""

    picture: Picture
    reference: str
    """What the command line calls it: ``sample:ID`` or a file name to fill in."""
    true_label: str | None = None
    data: str | None = None
    credit: str = ""
    link: str = ""
    owner: str | None = None
    """The session whose own picture it is: what is made from it is kept for this session alone."""

    def fitted(self, model: zoo.Description, how: str) -> np.ndarray:
        """The picture as a model sees it, uint8 ``[h, w, c]``."""
        return model.fitted(self.picture.pixels, how)


@dataclass(frozen=True)
class Request:
    """One experiment to run. Two equal keys mean bit-equal results."""

    chosen: Chosen
    how: str
    model: zoo.Description
    attack: attacks.Attack
    goal: Goal = UNTARGETED
    shown_eps: float = 0.0
    """What the page calls eps: for an L2 attack the root-mean-square change of a value, for L1 the mean."""
    detector: str | None = None
    """The name of the detector that scores both pictures."""
    area: Area | None = None
    """Where the picture may change; None: everywhere."""
    start: Chosen | None = None
    """The picture that the attack starts from, where it starts from one."""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for an area that holds no pixel of the model's pictures."""
        self.mask()

    def mask(self) -> torch.Tensor | None:
        """Where the picture may change, bool ``[1, 1, h, w]``; None: everywhere."""
        if self.area is None:
            return None
        free = torch.from_numpy(self.area.mask(*self.model.input_size))[None, None]
        return None if free.all() else free

    @property
    def label(self) -> int | None:
        """The index of the true class, where the model has that class."""
        name = self.chosen.true_label
        return self.model.class_names.index(name) if name in self.model.class_names else None

    def pixels(self) -> np.ndarray:
        """The picture as the model sees it, uint8 ``[h, w, c]``."""
        return self.chosen.fitted(self.model, self.how)

    @property
    def parameters(self) -> dict:
        """The attack's hyper-parameters by name."""
        return self.attack.parameters

    @_once
    def digest(self) -> Key:
        """Names the picture as the model sees it; a visitor's own one has a name of its own."""
        return self._named(self.chosen)

    def _named(self, chosen: Chosen) -> Key:
        pixels = chosen.fitted(self.model, self.how)
        return key_of(
            owner=chosen.owner,
            shape=pixels.shape,
            pixels=hashlib.sha256(pixels.tobytes()).hexdigest(),
        )

    @_once
    def key(self) -> Key:
        """SHA-256 over everything that the result depends on."""
        free = self.mask()
        return key_of(
            picture=self.digest(),
            model=self.model.name,
            attack=self.attack.name,
            parameters=self.parameters,
            label=self.label,
            goal={"name": self.goal.name, **self.goal.parameters},
            detector=self.detector,
            mask=None if free is None else hashlib.sha256(free.numpy().tobytes()).hexdigest(),
            start=None if self.start is None else self._named(self.start),
        )

    def work(self, progress: Reporter) -> Experiment:
        """Load the model and run the experiment; called in a thread of the engine."""
        source = (
            f"the label of the {self.chosen.data or 'sample'}" if self.label is not None else ""
        )

        def on(device: torch.device) -> Experiment:
            detector = zoo.load_detector(self.detector, device) if self.detector else None
            attack = self.attack
            return perform(
                zoo.load(self.model.name, device),
                self.pixels(),
                attack.changed(detector=detector) if attack.on_a_pair else attack,
                label=self.label,
                label_source=source,
                goal=self.goal,
                progress=progress,
                detector=detector,
                mask=self.mask(),
            )

        notices: list[str] = []
        outcome = on_cpu_if_out_of_memory(on, best_device(), on_notice=notices.append)
        return replace(outcome, notices=(*outcome.notices, *notices))

    def command(self) -> str:
        """The command line that gives the same result."""
        words = ["python", "-m", "robust_core", "attack", self.chosen.reference]
        guest = zoo.guest(self.model.name)
        words += guest.options if guest else ["--model", self.model.name]
        words += ["--attack", self.attack.name]
        words += parameter_words(self.attack, but=("detector", "start"))
        words += self._goal_words()
        if self.start is not None:
            words += ["--start", self.start.reference]
        if self.mask() is not None:
            words += ["--mask", str(self.area)]
        if self.model.name in zoo.bundled() and zoo.detectors(self.model.name):
            words += ["--detector", self.detector or "none"]
        if self.how != "crop":
            words += ["--fit", self.how]
        return shlex.join(words)

    def _goal_words(self) -> list[str]:
        """The options of the command line for the goal; none for untargeted."""
        goal = self.goal
        if isinstance(goal, Towards | SourceTarget):  # for one picture they are the same
            return ["--target", self.model.class_names[goal.target]]
        if isinstance(goal, LeastLikely):
            return ["--target", LeastLikely.name]
        if isinstance(goal, ConfidenceReduction):
            values = ([f"--{name}", str(value)] for name, value in goal.parameters.items())
            return ["--goal", goal.name, *(word for pair in values for word in pair)]
        return []


def parameter_words(attack: attacks.Attack, but: Collection[str]) -> list[str]:
    """The options of a command line for the hyper-parameters that are not the defaults, and for the eps."""
    defaults = {spec.name: spec.default for spec in fields(attack)} | {"eps": None}
    words: list[str] = []
    for name, value in attack.parameters.items():
        if name in but or value == defaults[name]:
            continue
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else "--no-" + option[2:])
        else:
            words += [option, str(value)]
    return words
