"""Comparing attacks: which ones, filtered by threat model, in which order, and their requests."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from robust_core import attacks
from robust_core.dashboard import fixed, lab
from robust_core.dashboard.choices import choose_in_list, choose_several
from robust_core.dashboard.goal_choice import GOAL_WORDS
from robust_core.dashboard.request import Request
from robust_core.dashboard.settings import one_of, setting
from robust_core.distances import length_name, of_equal_changes
from robust_core.experiment.perform import Experiment
from robust_core.goals import Towards
from robust_core.words import threat_model
from robust_core.words.threat_model import ANY

QUICK = ("noise", "fgsm", "bim", "bim-l2", "pgd", "pgd-l2", "deepfool")
"""Chosen initially: together about two seconds on a CPU."""
OFFERED = (*GOAL_WORDS, Towards.name)
"""The goals that the page offers."""


@dataclass(frozen=True)
class ComparedAttack:
    """One attack of the comparison: its request, or why it cannot run."""

    attack: type[attacks.Attack]
    request: Request | None
    refusal: str = ""

    @property
    def asked(self) -> Request:
        """The request of a row that has one."""
        assert self.request is not None
        return self.request

    @cached_property
    def key(self) -> str:
        """The key of the result in the cache, computed once: it hashes the picture."""
        return self.asked.key()

    @property
    def finished(self) -> Experiment | None:
        """The result, where the engine still has it."""
        return lab.engine().peek(self.key) if self.request else None


def sort_anew(shown: list[ComparedAttack], sort: str) -> None:
    """Rerun the page, once, where the results of this run belong in another order."""
    reason = (sort, *sorted(row.key for row in shown if row.request))
    moved = [row.attack for row in in_order(shown, sort)] != [row.attack for row in shown]
    if moved and st.session_state.get("_sorted") != reason:
        st.session_state["_sorted"] = reason
        st.rerun()


def left_confidence(experiment: Experiment) -> float:
    """The remaining confidence in the original class, in [0, 1]."""
    return experiment.confidence_after[experiment.label.index]


SORTS: dict[str, tuple[str, Callable[[Experiment], float]]] = {
    "taught": ("teaching order", lambda e: 0),
    "confidence": ("confidence in the original class", left_confidence),
    "l2": ("L2", lambda e: e.judged.l2),
    "linf": ("Linf", lambda e: e.judged.linf),
    "l1": ("L1", lambda e: e.judged.l1),
    "l0": ("L0", lambda e: e.judged.l0),
    "queries": ("queries", lambda e: e.queries),
    "time": ("time", lambda e: e.seconds),
}


def choose_attacks() -> list[type[attacks.Attack]]:
    """Any number of the registered attacks, in the order in which they are taught."""
    names = attacks.local_names()
    chosen = choose_several(
        "Attacks",
        {name: attacks.get(name).title for name in names},
        "attacks",
        [name for name in QUICK if name in names],
        wrap=True,
        help="Each runs with the parameters set on the page Attack. Some that are not chosen by default "
        "take a minute.",
    )
    return [attacks.get(name) for name in names if name in chosen]


def choose_threats(picked: list[type[attacks.Attack]]) -> dict[str, str]:
    """For each axis of the threat model one value, or any; a caption counts the ``picked`` that match."""
    wanted = {}
    with st.expander("Only attacks with this threat model", key="threats"):
        place = st.empty()
        for axis in threat_model.AXES:
            there = threat_model.existing(attacks.local_names(), axis)
            options = [ANY, *(v for v in there if axis != "goal" or v in OFFERED)]
            words = {v: threat_model.WORDS.get(axis, {}).get(v, v) for v in options}
            key = setting(
                f"only_{axis}",
                ANY,
                one_of(options, formerly=threat_model.FORMER.get(axis)),
                called=axis,
                shown=words.__getitem__,
            )
            wanted[axis] = st.selectbox(
                fixed.label(axis.capitalize(), key),
                options,
                format_func=words.__getitem__,
                key=key,
                persist_state="session",
                disabled=fixed.locked(key),
            )
        if any(value != ANY for value in wanted.values()):
            left = sum(threat_model.matches(a, wanted) for a in picked)
            place.caption(_how_many(left, len(picked)))
    return wanted


def _how_many(left: int, chosen: int) -> str:
    """How many attacks the filter leaves, shown beside it: the empty rows may be out of sight."""
    way_on = "" if left else ' Set a filter back to "any", or choose more attacks.'
    return f"{left} of {chosen} chosen attack{'s' * (chosen != 1)} left.{way_on}"


def say_left_out(picked: list[type[attacks.Attack]], rows: list[ComparedAttack]) -> None:
    """Which chosen attacks the filter removes; where no row is left, what to do."""
    hidden = [a.title for a in picked if a not in {row.attack for row in rows}]
    if not picked:
        st.info("Choose at least one attack.")
    elif not rows:
        st.info(
            'None of the chosen attacks has this threat model. Set a filter back to "any", or choose '
            "more attacks."
        )
    elif hidden:
        st.caption(f"Left out, because their threat model differs: {', '.join(hidden)}.")


def choose_sort() -> str:
    """The key in ``SORTS`` by which the rows are ordered, smallest first."""
    return choose_in_list(
        "Sort by",
        list(SORTS),
        "sort",
        "taught",
        shown=lambda name: SORTS[name][0],
        called="Order",
        help="Smallest first.",
        width=340,
    )


def make_rows(
    chosen: list[type[attacks.Attack]], make: Callable[[type[attacks.Attack]], Request]
) -> list[ComparedAttack]:
    """A row for each attack; where ``make`` raises ``ValueError``, its sentence is the refusal."""
    rows = []
    for attack in chosen:
        try:
            rows.append(ComparedAttack(attack, make(attack)))
        except ValueError as error:
            rows.append(ComparedAttack(attack, None, f"{error}."))
    return rows


def in_order(rows: list[ComparedAttack], sort: str) -> list[ComparedAttack]:
    """Finished rows sorted by the chosen value, then the others in their given order."""
    done = {row.attack.name: experiment for row in rows if (experiment := row.finished)}
    value = SORTS[sort][1]
    if sort == "taught":
        return rows
    return sorted(
        rows,
        key=lambda r: value(done[r.attack.name]) if r.attack.name in done else math.inf,
    )


def per_value(experiment: Experiment, norm: str) -> float:
    """The change of a value, to compare with the page's eps: largest, root mean square (L2), mean (L1)."""
    return getattr(experiment.judged, length_name(norm)) / of_equal_changes(
        norm, experiment.clean.numel()
    )


def root_mean_square(experiment: Experiment) -> float:
    """The root-mean-square change of a value, which the pages compare with eps in L2."""
    return per_value(experiment, "l2")


def within_eps(row: ComparedAttack, experiment: Experiment) -> bool:
    """Whether the change is no larger than the eps of the page, in the norm of the attack."""
    if row.attack.has_eps:
        return True
    size = per_value(experiment, row.asked.attack.norm)
    return size <= row.asked.shown_eps * (1 + 1e-6)
