"""What the page Evaluate runs: attacks, budgets, defences, attackers, a detector, a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import streamlit as st

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.dashboard import controls, fixed
from robust_core.dashboard.choices import choose_number, choose_several
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.defense_choice import choose_defenses, kept_settings
from robust_core.dashboard.detector_choice import choose_detector
from robust_core.dashboard.settings import Reader, setting
from robust_core.defenses import Defense
from robust_core.experiment.defended import Attacker
from robust_core.words.numbers import in_255ths
from robust_core.zoo import Description

FIRST = ("fgsm", "pgd")
FIRST_EPS = (0.01, 0.1, 0.15)
MOST_OWN = 8
"""Values of one's own."""
ATTACKERS = {Attacker.UNAWARE: "unaware", Attacker.AWARE: "aware (adaptive)"}
WRONG_EPS = "are not up to 8 numbers between 0 and 1"


@dataclass(frozen=True)
class Wanted:
    """All that was chosen besides the model and the pictures; ``eps`` in the page's units, ascending."""

    attacks: tuple[type[Attack], ...]
    eps: tuple[float, ...]
    defenses: tuple[Defense, ...]
    attackers: tuple[Attacker, ...]
    detector: str | None
    seed: int

    @property
    def run(self) -> tuple[tuple[type[Attack], ...], tuple[float, ...]]:
        """The attacks and epsilons that run: without any, noise of size 0, which changes nothing."""
        if self.attacks and self.eps:
            return self.attacks, self.eps
        return (attacks.get("noise"),), (0.0,)

    def attack(self, kind: type[Attack], eps: float, model: Description) -> Attack:
        """An attack with its parameters as they are set on the page Attack. Raises ``ValueError``."""
        values = controls.kept_parameters(kind, eps)
        if any(spec.name == "seed" for spec in fields(kind)):
            values["seed"] = self.seed
        return controls.with_eps(kind(**values), eps, model)

    def radius(self, kind: type[Attack], eps: float, model: Description) -> float:
        """What an eps of the page means in the norm of an attack."""
        return controls.radius(kind.norm, eps, model)


def choose_what(model: Description) -> Wanted:
    """The controls, from the attack to the seed."""
    picked = _choose_attacks()
    eps = _choose_eps()
    kinds = choose_defenses(model, "evaluate_defenses", ())
    attackers = _choose_attackers() if kinds else []
    detector = choose_detector(model)
    seed = choose_number(
        "Seed",
        0,
        999,
        "evaluate_seed",
        0,
        control=st.number_input,
        step=1,
        help="Of the attacks' random numbers. Defences that draw have seeds of their own.",
    )
    made = tuple(_made(kind, model) for kind in kinds)
    return Wanted(
        picked,
        eps,
        tuple(each for each in made if each is not None),
        tuple(attackers),
        detector,
        seed,
    )


def _choose_attacks() -> tuple[type[Attack], ...]:
    names = attacks.local_names()
    chosen = choose_several(
        "Attacks",
        {name: attacks.get(name).title for name in names},
        "evaluate_attacks",
        FIRST,
        wrap=True,
        help="Each runs with the parameters set on the page Attack. Clean accuracy is always measured.",
    )
    return tuple(attacks.get(name) for name in names if name in chosen)


def _choose_eps() -> tuple[float, ...]:
    words = {eps: f"{eps:g} :small[{in_255ths(eps)}]" for eps in EPS_CHOICES}
    chosen = choose_several(
        "Epsilon", words, "evaluate_eps", FIRST_EPS, wrap=True, help=controls.EPS_HELP
    )
    key = setting("evaluate_own_eps", "", Reader(_readable, WRONG_EPS), called="Own epsilon")
    typed = st.text_input(
        fixed.label("Own values", key),
        key=key,
        placeholder="8/255, 0.05",
        persist_state="session",
        disabled=fixed.locked(key),
    )
    try:
        return tuple(sorted({*chosen, *values_of(typed)}))
    except ValueError as error:
        st.error(f"{error}.")
        return tuple(sorted(chosen))


def values_of(text: str) -> tuple[float, ...]:
    """Epsilons as they are typed, such as ``8/255, 0.05``. Raises ``ValueError`` for anything else."""
    try:
        values = tuple(_value(word) for word in text.replace(",", " ").split())
    except (ValueError, ZeroDivisionError, OverflowError):
        values = (-1.0,)
    if len(values) > MOST_OWN or not all(0 < value <= 1 for value in values):
        raise ValueError(
            f"Own values must be up to {MOST_OWN} numbers above 0 and up to 1, such as 8/255, 0.05"
        )
    return values


def _value(word: str) -> float:
    above, _, below = word.partition("/")
    return float(above) / (float(below) if below else 1.0)


def _readable(raw: str) -> str | None:
    """The text, where it can be used."""
    values_of(raw)
    return raw.strip()


def _choose_attackers() -> Sequence[Attacker]:
    return choose_several(
        "Attackers",
        ATTACKERS,
        "evaluate_attackers",
        list(Attacker),
        help="Unaware: pictures made on the undefended model. Aware: knows the defence, and follows "
        "its adaptive "
        "gradient. A defence that holds against the first alone is no defence.",
    )


def _made(kind: type[Defense], model: Description) -> Defense | None:
    """A defence with its settings of the page Compare defences; None, with a sentence, without."""
    try:
        made = kind(**kept_settings(kind, model))
        refusal = made.refusal(model.name)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        st.caption(f"Left out: {kind.title}. {refusal}.")
        return None
    return made
