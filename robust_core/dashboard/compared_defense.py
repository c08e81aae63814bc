"""A defence beside an experiment: its settings, its computations with their keys, and its outcomes."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol, TypeVar

from robust_core import attacks, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.request import Request
from robust_core.data.fitting import to_tensor
from robust_core.defenses import Defense
from robust_core.defenses.noisy import Noisy
from robust_core.engine import Reporter, key_of
from robust_core.evaluation.draws import VOTED
from robust_core.experiment.defended import Attacker, DefenseOutcome, DefenseTrial, trial
from robust_core.experiment.defended_look import Look, look
from robust_core.experiment.perform import Experiment
from robust_core.goals import Towards

T = TypeVar("T")
BACKWARD = 3
"""A gradient takes about as long as this many predictions."""
UNDEFENDED = "Undefended"
LONG = 5.0
"""Seconds from which on the cost of a vote is told before it begins."""


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

        return lab.with_model(self.request.model.name, seen, progress)

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
                mask=request.mask(),
                progress=progress,
            )

        return lab.with_model(request.model.name, tried, progress)

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
        words = defense_words(self.defense, aware=found.attacker is Attacker.AWARE)
        if request.label is None:
            words += ["--label", found.label.label]
        return f"{request.command()} {shlex.join(words)}"

    def cost_ahead(self, undefended: Look) -> str:
        """What the votes and the aware attack cost, if that is long; else empty.

        There are those for the clean picture and, with all fresh draws, for the two attacked ones.
        Votes are counted in batches, so a small network is faster than its single prediction says.
        """
        if not isinstance(self.defense, Noisy):
            return ""
        votes = 3 * (self.defense.n + self.defense.guesses) + 2 * VOTED * self.defense.n
        gradients = self.defense.draws * self.run(Attacker.AWARE).observations
        seconds = undefended.seconds * (votes + BACKWARD * gradients)
        if seconds < LONG:
            return ""
        return (
            f"Takes up to {seconds:,.0f} s here: {votes:,} votes for three pictures, two of them under "
            f"{VOTED} fresh draws, and {gradients:,} gradients of the aware attack. Fewer votes and draws: "
            "see Settings."
        )

    def words(self, attacker: Attacker) -> lab.Words:
        """What the bar says: steps of the attack, then votes of the defence."""
        run = self.run(attacker)
        steps = lab.steps(run)
        own = self.defense.n if isinstance(self.defense, Noisy) else None
        votes = () if own is None else (own, VOTED * own)

        def words(k: int, n: int) -> str:
            counted = n in votes and n != run.observations
            return f"vote {k:,} of {n:,}" if counted else steps(k, n)

        return words


def defense_words(defense: Defense, *, aware: bool) -> list[str]:
    """The options of a command line for a defence, with the settings that are not its defaults."""
    values = {spec.name: spec.default for spec in fields(defense)}
    changed = [f"{k}={v}" for k, v in defense.parameters.items() if v != values[k]]
    name = ":".join(filter(None, [defense.name, ",".join(changed)]))
    return ["--defense", name, *(["--adaptive"] if aware else [])]


class HasOutcome(Protocol):
    """A trial, or what is kept of one."""

    @property
    def outcome(self) -> DefenseOutcome: ...


def recovered(
    trials: Iterable[Mapping[Attacker, HasOutcome]],
) -> dict[Attacker, tuple[int, int]]:
    """By attacker how many defences recover the right answer, of how many that have finished.

    An aware attacker can also run the unaware attack, so a defence counts against one only if it recovers
    from both.
    """
    both = Attacker.UNAWARE, Attacker.AWARE
    trials = list(trials)
    counts = {}
    for attacker, asked in ((Attacker.UNAWARE, both[:1]), (Attacker.AWARE, both)):
        done = [each for each in trials if attacker in each]
        answers = ([each[who].outcome for who in asked if who in each] for each in done)
        saved = sum(set(each) == {DefenseOutcome.RECOVERED} for each in answers)
        counts[attacker] = saved, len(done)
    return counts


def commands(
    request: Request, found: Iterable[tuple[ComparedDefense, Iterable[DefenseTrial]]]
) -> str:
    """A command for the undefended model and one for each trial, under a comment that says which."""
    told = [f"# {UNDEFENDED}\n{request.command()}"]
    for row, trials in found:
        told += [
            f"# {row.kind.title}, {each.attacker} attacker\n{row.command(each)}" for each in trials
        ]
    return "\n".join(told)


def describe(row: ComparedDefense, look: Look, trials: dict[Attacker, DefenseTrial]) -> dict:
    """One defence as plain numbers and names, each trial with its command."""
    assert row.defense is not None
    found = {str(who): one.summary() | {"command": row.command(one)} for who, one in trials.items()}
    return {
        "name": row.kind.name,
        "parameters": row.defense.parameters,
        "clean": look.summary(),
        **found,
    }
