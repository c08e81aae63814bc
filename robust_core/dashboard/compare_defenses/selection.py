"""Comparing defences: which ones, with which settings, and their computations."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TypeVar

import streamlit as st
import torch

from robust_core import attacks, defenses, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.choices import choose_several
from robust_core.dashboard.fields import control
from robust_core.dashboard.request import Request
from robust_core.data.fitting import to_tensor
from robust_core.defenses import Defense
from robust_core.defenses.noisy import Noisy
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.defended import (
    Attacker,
    DefenseOutcome,
    DefenseTrial,
    trial,
)
from robust_core.experiment.defended_look import Look, look
from robust_core.experiment.perform import Experiment
from robust_core.goals import Towards
from robust_core.words.verdict import said

T = TypeVar("T")
BACKWARD = 3
"""A gradient takes about as long as this many predictions."""
QUICK = ("jpeg", "median", "random-resize-pad", "pgd-at", "distilled", "smoothing")
"""Chosen initially, as far as the model has them.

A filter with a gradient and one without, chance, two trainings, and a guarantee.
"""
PICTURE = "chelsea-face"
"""The sample that the page opens with: all networks are right about it, and the first choice of attack and
eps tells real defences from masked ones. About the whole cat the adversarially trained ones are wrong."""
LARGE = 64 * 64
"""Pictures of more pixels than this start with fewer votes."""
FEW = {"n": 50, "draws": 4}
"""Those numbers. With the usual ones the votes of an ImageNet model take minutes on a CPU."""
LONG = 5.0
"""Seconds from which on the cost of a vote is told before it begins."""
WEAKER = 0.05
"""An aware attack that leaves this much more confidence in the label than the unaware one is weaker."""


def choose_defenses(model: zoo.Description) -> list[type[Defense]]:
    """Any number of the registered defences; those unavailable for the model are marked with the reason."""
    names = defenses.names()
    refused = {name: defenses.create(name).refusal(model.name) for name in names}

    def label(name: str) -> str:
        title = defenses.get(name).title
        return f":gray[:material/block: {title}]" if refused[name] else title

    chosen = choose_several(
        "Defences",
        {name: label(name) for name in names},
        "defenses",
        [name for name in QUICK if not refused[name]],
        wrap=True,
        help="Filters and smoothing work for every model. The others are specially trained networks, "
        "available only for some models.",
    )
    absent = [f"**{defenses.get(n).title}**: {why}." for n, why in refused.items() if why]
    if absent:
        with st.expander(f"Not for {model.name}: {len(absent)}", key="absent"):
            st.caption("  \n".join(absent))
    return [defenses.get(name) for name in names if name in chosen]


def choose_settings(defense: type[Defense], model: zoo.Description) -> dict:
    """A control for each field of a defence."""
    height, width = model.input_size
    few = FEW if issubclass(defense, Noisy) and height * width > LARGE else {}
    values = {
        spec.name: control(defense.name, spec, start=few.get(spec.name)) for spec in fields(defense)
    }
    if not values:
        st.caption("It has no settings: its training fixed them.")
    return values


@dataclass(frozen=True)
class ComparedDefense:
    """One defence of the comparison: its computations, or why it cannot run."""

    kind: type[Defense]
    request: Request
    """The experiment on the undefended model."""
    defense: Defense | None
    refusal: str = ""

    @classmethod
    def of(cls, kind: type[Defense], values: dict, request: Request) -> "ComparedDefense":
        """The row of a defence with these settings, or with a refusal where they are invalid."""
        try:
            made = kind(**values)
            refusal = made.refusal(request.model.name)
            for prepare in (made.of_aware, made.of_unaware):
                prepare(request.attack)
        except ValueError as error:
            refusal = str(error)
            made = None
        return cls(kind, request, None if refusal else made, refusal and f"{refusal}.")

    @cached_property
    def key(self) -> str:
        """The key of the defence's result on the clean picture."""
        return key_of(
            look=self.request.digest(),
            model=self.request.model.name,
            defense=self.defense and self.kind.name,
            parameters=self.defense and self.defense.parameters,
        )

    def trial_key(self, attacker: Attacker) -> str:
        """The key of the result of one of the two attackers."""
        return key_of(trial=self._request_key, look=self.key, attacker=attacker)

    @cached_property
    def _request_key(self) -> str:
        return self.request.key()

    @property
    def finished(self) -> tuple[Look | None, dict[Attacker, DefenseTrial]]:
        """What the engine still has: the result on the clean picture, and the trials by attacker."""
        if self.defense is None:
            return None, {}
        kept = {who: lab.engine().peek(self.trial_key(who)) for who in Attacker}
        return lab.engine().peek(self.key), {k: v for k, v in kept.items() if v}

    def look(self, progress: Reporter) -> Look:
        """Show the clean picture to the defence; called in a thread of the engine."""

        def seen(model: Classifier) -> Look:
            shown = self.defense(model) if self.defense else model
            return look(shown, to_tensor(self.request.pixels()), progress=progress)

        return self._on_best(seen, progress)

    def try_out(
        self, attacker: Attacker, before: Look, made: Experiment | None, progress: Reporter
    ) -> DefenseTrial:
        """One of the two attackers; called in a thread of the engine."""
        request = self.request
        defense = self.defense
        assert defense is not None

        def tried(model: Classifier) -> DefenseTrial:
            name = request.detector
            detector = zoo.load_detector(name, model.device) if name else None
            attack = request.attack
            return trial(
                model,
                request.pixels(),
                attack.changed(detector=detector) if attack.on_a_pair else attack,
                defense,
                attacker=attacker,
                label=request.label,
                goal=request.goal,
                before=before,
                made=made,
                detector=detector,
                progress=progress,
            )

        return self._on_best(tried, progress)

    def _on_best(self, work: Callable[[Classifier], T], progress: Reporter) -> T:
        def on(device: torch.device) -> T:
            return work(zoo.load(self.request.model.name, device))

        return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)

    def run(self, attacker: Attacker) -> attacks.Attack:
        """The attack as one of the two attackers runs it."""
        assert self.defense is not None
        if attacker is Attacker.AWARE:
            return self.defense.of_aware(self.request.attack)
        return self.defense.of_unaware(self.request.attack)

    def command(self, found: DefenseTrial) -> str:
        """The command line that gives the same result as ``found``.

        Behind a defence the command line would take the label, and the least likely class, from what the
        defended model says. Here both are the undefended model's, so they are named.
        """
        assert self.defense is not None
        request = self.request
        if found.target is not None:
            request = replace(request, goal=Towards(found.target.index))
        values = {spec.name: spec.default for spec in fields(self.defense)}
        changed = [
            f"{name}={value}"
            for name, value in self.defense.parameters.items()
            if value != values[name]
        ]
        words = ["--defense", ":".join(filter(None, [self.kind.name, ",".join(changed)]))]
        if found.attacker is Attacker.AWARE:
            words.append("--adaptive")
        if request.label is None:
            words += ["--label", found.label.label]
        return f"{request.command()} {shlex.join(words)}"

    def cost_ahead(self, undefended: Look) -> str:
        """What the votes for three pictures and the aware attack cost, if that is long; else empty.

        Votes are counted in batches, so a small network is faster than its single prediction says.
        """
        if not isinstance(self.defense, Noisy):
            return ""
        votes = 3 * (self.defense.n + self.defense.guesses)
        gradients = self.defense.draws * self.run(Attacker.AWARE).observations
        seconds = undefended.seconds * (votes + BACKWARD * gradients)
        if seconds < LONG:
            return ""
        return (
            f"Takes up to {seconds:,.0f} s here: {votes:,} votes for three pictures, and {gradients:,} "
            "gradients of the aware attack. Fewer votes and draws: see Settings."
        )

    def words(self, attacker: Attacker) -> lab.Words:
        """What the bar says: steps of the attack, then votes of the defence."""
        run = self.run(attacker)
        steps = lab.steps(run)
        votes = self.defense.n if isinstance(self.defense, Noisy) else None

        def words(k: int, n: int) -> str:
            counted = n == votes and n != run.observations
            return f"vote {k:,} of {n:,}" if counted else steps(k, n)

        return words


def is_weaker(trials: dict[Attacker, DefenseTrial]) -> bool:
    """Whether the aware attacker did worse than the unaware one: then the attack failed, no more."""
    unaware, aware = trials[Attacker.UNAWARE], trials[Attacker.AWARE]
    if aware.outcome is not DefenseOutcome.RECOVERED:
        return False
    label = aware.label.index
    left = aware.after.confidences[label] - unaware.after.confidences[label]
    return unaware.success or left > WEAKER


def summary(
    undefended: Experiment,
    trials: Iterable[dict[Attacker, DefenseTrial]],
    wanted: int,
    *,
    over: bool = False,
) -> str:
    """How many of ``wanted`` defences recover the right answer, as far as they have finished.

    An aware attacker can also run the unaware attack, so a defence counts against one only if it recovers
    from both. ``over``: whatever has not finished was stopped.
    """
    first = undefended.before[0]
    if first.index != undefended.label.index:
        return f"The model is wrong before any attack: it says {said(first)}."
    if not undefended.success:
        way_on = "" if undefended.eps is None else " Try a larger eps."
        return (
            f"This attack does not fool the undefended model: there is nothing to recover.{way_on}"
        )
    if not wanted:
        return "The undefended model is fooled. Choose a defence available for this model."
    trials = list(trials)
    counts = {}
    for attacker in Attacker:
        done = [each[attacker] for each in trials if attacker in each]
        counts[attacker] = sum(one.outcome is DefenseOutcome.RECOVERED for one in done), len(done)
    held = sum(
        all(one.outcome is DefenseOutcome.RECOVERED for one in e.values())
        for e in trials
        if Attacker.AWARE in e
    )
    counts[Attacker.AWARE] = held, counts[Attacker.AWARE][1]
    saved, first_n = counts[Attacker.UNAWARE]
    kept, second_n = counts[Attacker.AWARE]
    verb = "recover" if saved > 1 else "recovers"
    attack = "the picture from an unaware attacker"
    if first_n == second_n == wanted:
        among = f"Of {wanted} defence{'s' * (wanted != 1)}, {saved or 'none'}"
        wrong = sum(each[Attacker.AWARE].outcome is DefenseOutcome.WRONG for each in trials)
        erring = (
            f" {wrong} {'are' if wrong > 1 else 'is'} wrong without any attack." if wrong else ""
        )
        return f"{among} {verb} {attack}; {kept or 'none'} from an aware one.{erring}"
    if not first_n and over:
        return "The undefended model is fooled; no defence has finished."
    if not first_n:
        return "The undefended model is fooled; the results of the defences follow."
    other = f"; {kept} of {second_n} from an aware one" if second_n else ""
    if over:
        return f"{saved} of {first_n} {verb} {attack}{other}. Not all of them finished."
    return f"So far {saved} of {first_n} {verb} {attack}{other}."
