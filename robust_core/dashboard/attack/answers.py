"""What defences make of the adversarial picture, in words and small cells: data in, text and HTML out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from robust_core.classifier import Guess
from robust_core.dashboard.compared_defense import recovered
from robust_core.experiment.defended import Attacker, DefenseOutcome, DefenseTrial
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

QUESTION = "What would a defence have done?"
MARKS = {
    **dict.fromkeys(DefenseOutcome, ("neither", "–")),
    DefenseOutcome.RECOVERED: ("recovered", "✓"),
    **dict.fromkeys((DefenseOutcome.FOOLED, DefenseOutcome.LESS_SURE), ("fooled", "✗")),
}
"""The style sheet's name for the look of an answer, and its sign."""
MISSING = (DefenseOutcome.WRONG, DefenseOutcome.FOOLED)
"""Outcomes with another answer than the label."""
ALSO = {
    DefenseOutcome.ABSTAINED: "abstains",
    DefenseOutcome.WRONG: "wrong when clean",
}
"""What stands in the place of the class where that would mislead."""


@dataclass(frozen=True)
class Answer:
    """What one defence says of the picture that one attacker made."""

    outcome: DefenseOutcome
    guess: Guess

    @classmethod
    def of(cls, trial: DefenseTrial) -> "Answer":
        return cls(trial.outcome, trial.after.guesses[0])


Answers = Mapping[Attacker, Answer]


@dataclass(frozen=True)
class Cell:
    """One defence of the strip: its name, its answers so far, and what is said where one is missing."""

    title: str
    answers: Answers
    missing: Mapping[Attacker, str]


def sentence(experiment: Experiment, answers: Iterable[Answers], wanted: int) -> str:
    """How many of ``wanted`` defences recover the right answer, as far as that is known."""
    if experiment.before[0].index != experiment.label.index:
        return "Wrong before any attack: a defence has nothing to recover."
    if not experiment.success:
        return f"The attack fails without any defence: there is nothing to recover{_harm(answers)}."
    done = recovered(answers)
    (saved, asked), (kept, asked_aware) = done[Attacker.UNAWARE], done[Attacker.AWARE]
    if not asked:
        return QUESTION
    if asked < wanted:
        return f"{_recover(saved, asked)} so far."
    if not asked_aware:
        return f"{_recover(saved, wanted)}."
    so_far = " so far" if asked_aware < wanted else ""
    return f"{_recover(saved, wanted)}; {kept} of {asked_aware} once the attacker knows it{so_far}."


def _harm(answers: Iterable[Answers]) -> str:
    """How many defences miss a picture that the model gets right without them; nothing where none does."""
    there = [each[Attacker.UNAWARE].outcome for each in answers if Attacker.UNAWARE in each]
    wrong = sum(outcome in MISSING for outcome in there)
    if not wrong:
        return ""
    noun = "defence" if len(there) == 1 else "defences"
    verb = "gets" if wrong == 1 else "get"
    return f", but {wrong} of {len(there)} {noun} {verb} the picture wrong all the same"


def _recover(saved: int, asked: int) -> str:
    noun = "defence" if asked == 1 else "defences"
    verb = "recovers" if saved == 1 or asked == 1 else "recover"
    return f"{saved} of {asked} {noun} {verb} it"


def markup(cells: Sequence[Cell]) -> str:
    """A small cell for each defence: its name, and a line for either attacker."""
    return f"<div class=defended role=list>{''.join(map(_cell, cells))}</div>"


def _cell(cell: Cell) -> str:
    lines = "".join(_line(cell, attacker) for attacker in Attacker)
    return f"<div role=listitem><b>{escape(cell.title)}</b>{lines}</div>"


def _line(cell: Cell, attacker: Attacker) -> str:
    answer = cell.answers.get(attacker)
    who = f"<small>{attacker}</small>"
    if answer is None:
        return f"<p>{who}<span class=missing>{escape(cell.missing.get(attacker, ''))}</span></p>"
    look, sign = MARKS[answer.outcome]
    also = ALSO.get(answer.outcome)
    told = _class(answer.guess) if also is None else escape(also)
    outcome = escape(answer.outcome.value)
    return f"<p>{who}<span class={look}><i role=img aria-label='{outcome}:'>{sign}</i> {told}</span></p>"


def _class(guess: Guess) -> str:
    """The class, which is cut off where there is no room for it, and its confidence, which never is."""
    return f"<em>{escape(quoted(guess.label))}</em> {percent(guess.confidence)}"
