"""The rows of the page Evaluate: what each computes, under which key, and the commands that repeat them."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from robust_core import zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.compared_defense import defense_words
from robust_core.dashboard.evaluate.choice import Wanted
from robust_core.dashboard.evaluate.pictures import Pictures, Source
from robust_core.dashboard.request import parameter_words
from robust_core.defenses import Defense
from robust_core.engine import Key, Reporter, key_of
from robust_core.evaluation import accuracy
from robust_core.evaluation.draws import wilson
from robust_core.evaluation.effects import Finished
from robust_core.experiment.defended import Attacker
from robust_core.zoo import Description

UNDEFENDED = "none"


@dataclass(frozen=True, eq=False)
class Setup:
    """What all rows share."""

    model: Description
    source: Source
    pictures: Pictures
    asked: int
    """How many pictures were asked for; there may be fewer."""
    detector: str | None

    def words(self) -> list[str]:
        """The beginning of the command line."""
        guest = zoo.guest(self.model.name)
        words = list(guest.options) if guest else ["--model", self.model.name]
        return [*words, "--data", self.source.name, "--limit", str(self.asked)]


@dataclass(frozen=True)
class Measured:
    """What ``accuracy.evaluate`` gave, and the numbers of the pictures that ended wrong, the first ones."""

    value: dict
    wrong: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """One attack at one eps, or at all of them where it has none, by one attacker: one computation."""

    setup: Setup
    kind: type[Attack]
    shown: tuple[float, ...]
    """Epsilons in the page's units."""
    made: tuple[Attack, ...]
    """The attack at each of them; the same at all where it has no eps."""
    radii: tuple[float, ...]
    """In the norm of the attack."""
    defense: Defense | None
    attacker: Attacker | None

    @property
    def line(self) -> tuple[str, Defense | None, Attacker | None]:
        """Parts with the same are one line of a chart, and one command."""
        return self.kind.name, self.defense, self.attacker

    @property
    def behind(self) -> str:
        """The defence, as people call it; empty without one."""
        return type(self.defense).title if self.defense else ""

    @property
    def parameters(self) -> dict:
        """All hyper-parameters of the attack but its eps."""
        return {k: v for k, v in self.made[0].parameters.items() if k != "eps"}

    @cached_property
    def key(self) -> Key:
        """Names the result."""
        setup, defense = self.setup, self.defense
        attack = [self.kind.name, self.radii, self.parameters]
        behind = [defense.name, defense.parameters, self.attacker] if defense else None
        on = setup.model.name  # with a visitor's own model or pictures the result is theirs alone
        return key_of(
            evaluated=attack,
            behind=behind,
            on=on,
            watched=setup.detector,
            pictures=setup.pictures.digest,
        )

    def work(self, progress: Reporter, finished: Finished) -> Measured:
        """What the command line gives; called in a thread of the engine. ``finished`` keeps its batches.

        While it goes on it shows the step of the attack on the batch that runs.
        """
        setup = self.setup
        images, labels = setup.pictures.images, setup.pictures.labels
        done = steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1
            progress.show(steps)
            progress(done, len(labels))

        def told(count: int) -> None:
            nonlocal done, steps
            done, steps = done + count, 0
            progress(done, len(labels))

        def on(model: Classifier) -> Measured:
            nonlocal done, steps
            done = steps = 0
            value = accuracy.evaluate(
                self.defense(model) if self.defense else model,
                self.kind.name,
                images,
                labels,
                eps_list=self.radii,
                parameters=self.parameters,
                adaptive=self.attacker is Attacker.AWARE,
                detector=(
                    zoo.load_detector(setup.detector, model.device) if setup.detector else None
                ),
                progress=told,
                on_step=step,
                finished=finished,
            )
            return Measured(value, _wrong(finished))

        progress(0, len(labels))
        return lab.with_model(setup.model.name, on, progress)


def _wrong(finished: Finished) -> tuple[int, ...]:
    """The pictures that the attack turned, or that were wrong before, under the first draw."""
    turned = [
        place[1] + i
        for place in sorted(finished, key=lambda place: place[1])
        for i in finished[place].success[:, 0].nonzero().flatten().tolist()
    ]
    return tuple(turned)


def parts_of(setup: Setup, wanted: Wanted) -> tuple[list[Part], list[str]]:
    """All parts, the undefended model first, and a sentence for each attack that cannot run."""
    parts: list[Part] = []
    refused: list[str] = []
    behind: list[tuple[Defense | None, Attacker | None]] = [(None, None)]
    behind += [(d, a) for d in wanted.defenses for a in wanted.attackers]
    for defense, attacker in behind:
        for kind in wanted.run[0]:
            try:
                parts += _parts(setup, wanted, kind, defense, attacker)
            except ValueError as error:
                told = f"{kind.title}: {error}."
                refused += [] if told in refused else [told]
    return parts, refused


def _parts(
    setup: Setup,
    wanted: Wanted,
    kind: type[Attack],
    defense: Defense | None,
    attacker: Attacker | None,
) -> Iterator[Part]:
    epsilons = wanted.run[1]
    made = [wanted.attack(kind, eps, setup.model) for eps in epsilons]
    for attack in made if defense else ():  # what cannot be run is refused before it begins
        (defense.of_aware if attacker is Attacker.AWARE else defense.of_unaware)(attack)  # type: ignore[union-attr]
    radii = [wanted.radius(kind, eps, setup.model) for eps in epsilons]
    every = range(len(made))
    for places in ([(i,) for i in every] if kind.has_eps else [tuple(every)]) if made else ():
        yield Part(
            setup,
            kind,
            tuple(epsilons[i] for i in places),
            tuple(made[i] for i in places),
            tuple(radii[i] for i in places),
            defense,
            attacker,
        )


@dataclass(frozen=True)
class Row:
    """One line of the table: a part at one eps, with its figures once they are there."""

    part: Part
    place: int
    found: Measured | None
    state: str = ""
    """Why there are no figures."""

    @property
    def value(self) -> dict | None:
        """What ``accuracy.evaluate`` gave; None while it is not there."""
        return None if self.found is None else self.found.value

    @property
    def eps(self) -> float:
        return self.part.shown[self.place]

    @property
    def figures(self) -> dict:
        """Those at this eps."""
        assert self.value is not None
        return self.value["rows"][self.place]

    @property
    def n(self) -> int:
        return len(self.part.setup.pictures.labels)

    @property
    def right(self) -> tuple[float, tuple[float, float]]:
        """The share that is right under attack, and its Wilson interval at 95 %."""
        return _counted(self.figures["top1"], self.n)

    @property
    def clean(self) -> tuple[float, tuple[float, float]]:
        """The same of the clean pictures."""
        assert self.value is not None
        return _counted(self.value["clean_top1"], self.n)


def _counted(share: float, n: int) -> tuple[float, tuple[float, float]]:
    return share, wilson(share * n, n)


def commands(parts: list[Part]) -> dict[tuple, str]:
    """For each line of parts the command that gives the same figures."""
    lines: dict[tuple, list[Part]] = {}
    for part in parts:
        lines.setdefault(part.line, []).append(part)
    return {line: _command(own) for line, own in lines.items()}


def _command(parts: list[Part]) -> str:
    first = parts[0]
    words = ["python", "-m", "robust_core", "evaluate", *first.setup.words()]
    words += ["--attack", first.kind.name, "--eps"]
    words += [_eps(radius) for part in parts for radius in part.radii]
    words += parameter_words(first.made[0], but=("eps",))
    if first.defense is not None:
        words += defense_words(first.defense, aware=first.attacker is Attacker.AWARE)
    if first.setup.detector:
        words += ["--detector", first.setup.detector]
    return shlex.join(words)


def _eps(radius: float) -> str:
    """As one would type it: 8/255 rather than 0.03137254901960784."""
    steps = round(255 * radius)
    return f"{steps}/255" if steps / 255 == radius else str(radius)
