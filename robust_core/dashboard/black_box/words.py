"""The sentences of the page Black box."""

from collections.abc import Mapping

from robust_core import attacks
from robust_core.attacks.knowledge import LABELS, SCORES, TRANSFER
from robust_core.dashboard import pace
from robust_core.dashboard.black_box.charts import NORMS
from robust_core.dashboard.request import Chosen
from robust_core.experiment.queried import Look, Queried
from robust_core.experiment.with_gradients import Mark
from robust_core.goals import Goal, Towards
from robust_core.words.numbers import in_255ths, on_both_scales
from robust_core.words.verdict import quoted
from robust_core.zoo import Description

IDEA = (
    "The attacker does not have the network: no weights, no gradients. It can only ask. Each picture that "
    "it asks about is one query, and queries cost money and time."
)
LETS_THROUGH = {
    LABELS: "lets out: one label",
    SCORES: "lets out: scores of all classes",
    TRANSFER: "lets out: one label",
}
BOTH_ENDS = 2
"""Queries of an attack that asks about the picture and its start, and then has nothing to walk from."""
BY = {LABELS: "From one label at a time", SCORES: "From the scores alone"}
CLIMBS = "Each stays within eps or takes small steps, and climbs until the answer changes."


def headline(
    sees: str, found: Mapping[str, Queried], marks: Mapping[str, Mark], wanted: str = ""
) -> str:
    """What queries have reached, and what gradients reach. ``wanted``: the class to reach, if it is one."""
    done = list(found.items())
    if not done:
        return "There is no result yet: choose an attack, or let it run."
    first = done[0][1]
    if first.first == 1:
        before = "The model says" if wanted else "The model is wrong before any attack: it says"
        return f"{before} {quoted(first.after.label)}{' before any attack' * bool(wanted)}."
    if sees == LABELS:
        return _nearest(found, marks, wanted)
    reached = {name: each for name, each in done if each.success}
    asked = max(each.queries for each in found.values())
    if not reached:
        return f"{BY[sees]}, none of {len(done)} attacks reaches the goal within {asked:,} queries."
    name, best = min(reached.items(), key=lambda pair: pair[1].first or pair[1].queries)
    return (
        f"{BY[sees]}, {len(reached)} of {len(done)} attacks make the model say "
        f"{quoted(wanted) if wanted else 'something else'}; {attacks.get(name).title} after "
        f"{best.first:,} queries."
    )


def meanwhile(sees: str, attacks_at_once: int) -> str:
    """The headline while they ask."""
    s = "s" * (attacks_at_once != 1)
    return f"{BY[sees]}: {attacks_at_once} attack{s} asking."


def _nearest(found: Mapping[str, Queried], marks: Mapping[str, Mark], wanted: str) -> str:
    """The nearest picture in the norm of most attacks, beside the white-box attack's."""
    norms = [attacks.get(name).norm for name, each in found.items() if each.success]
    if not norms and max(each.queries for each in found.values()) <= BOTH_ENDS:
        return (
            f"The model does not take the start picture for {quoted(wanted)}: choose another one."
        )
    if not norms:
        what = f"takes for {quoted(wanted)}" if wanted else "misjudges"
        return f"{BY[LABELS]}, none of {len(found)} attacks finds a picture that the model {what}."
    norm = max(norms, key=norms.count)
    fitting = {n: e for n, e in found.items() if e.success and attacks.get(n).norm == norm}
    name, best = min(fitting.items(), key=lambda pair: pair[1].points[-1][1])
    told = (
        f"{BY[LABELS]}, {attacks.get(name).title} turns {quoted(best.label.label)} into "
        f"{quoted(best.after.label)} at a distance of {length(best.points[-1][1], norm)}"
    )
    mark = next((m for m in marks.values() if m.attack.norm == norm and m.value is not None), None)
    if mark is None or mark.value is None:
        return f"{told}."
    return f"{told}; gradients reach {length(mark.value, norm)}."


def length(value: float, norm: str) -> str:
    """A distance with its norm."""
    return f"{in_255ths(value)} in Linf" if norm == "linf" else f"{value:.3g} in {NORMS[norm]}"


def told(name: str, look: Look | None) -> str:
    """Where an attack is, on its card."""
    if look is None or not look.points:
        return "nothing yet"
    value = look.points[-1][1]
    attack = attacks.get(name)
    if attack.knowledge == LABELS:
        return length(value, attack.norm)
    return f"margin {value:+.2f}"


def counted(look: Look | None, refusal: str) -> str:
    """How many queries it has made, on its card; ``refusal``: why it ended without a result."""
    if look is None:
        return refusal or "waits for its turn"
    n = f"{look.queries:,} queries"
    if isinstance(look, Queried):
        if look.what == "margin":
            return (
                f"{n}, then {quoted(look.after.label)}" if look.success else f"{n}, without success"
            )
        return f"{n}: {quoted(look.after.label)}"
    return f"{n}, {refusal}" if refusal else n


def cost_ahead(number_of: int, budget: int, seconds: float) -> str:
    """What the runs will take at most, before they begin."""
    each = f"{number_of} attack{'s' * (number_of != 1)}, up to {budget:,} queries each"
    return f"{each}: at most about {pace.span(seconds)} on this machine."


def conditions(
    sees: str, model: Description, eps: float, budget: int, goal: Goal, start: Chosen | None
) -> str:
    """What the chart holds for."""
    size = (
        f"eps {on_both_scales(eps)}, for L2 attacks as root-mean-square change of a value"
        if sees == SCORES
        else "no eps: these attacks look for the nearest picture"
    )
    wanted = class_wanted(goal, model)
    aim = f"Goal: {quoted(wanted)}. " if wanted else ""
    way = _walks(wanted, start) if sees == LABELS else CLIMBS
    return f"{model.called}, this picture, up to {budget:,} queries for each attack, {size}. {aim}{way}"


def class_wanted(goal: Goal, model: Description) -> str:
    """The class that a goal is to reach; empty for any other class."""
    return model.class_names[goal.target] if isinstance(goal, Towards) else ""


def _walks(wanted: str, start: Chosen | None) -> str:
    if start is not None:
        begins = f"the picture chosen ({start.picture.title or 'your own'})"
    else:
        begins = f"noise that the model takes for {quoted(wanted) if wanted else 'something else'}"
    return f"Each starts from {begins}, and walks to the picture."


def dollars(amount: float) -> str:
    """An amount to the cent, and to two digits below it."""
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.2g}"
