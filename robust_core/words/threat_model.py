"""The threat model of an attack on five axes, each value explained in a sentence.

The attacker's knowledge, goal, scope, distance and channel. The values are class attributes of the
attack; the words are here, so that every page says the same.
"""

from collections.abc import Iterable, Mapping

from robust_core import attacks
from robust_core.attacks import Attack

KNOWLEDGE = {
    "white-box": "It reads the weights and follows the gradient of the loss.",
    "transfer": "Black-box: it attacks a substitute network and carries the result over.",
    "scores": "Black-box: it queries the model and sees the scores of all classes, no gradients.",
    "labels": "Black-box: it queries the model and sees only the label.",
    "none": "It knows nothing about the model; the scores choose one of several draws. A baseline.",
}
GOALS = {
    "untargeted": "any other class",
    "targeted": "one class for every picture",
    "least-likely": "the class that the model finds least likely",
    "source-target": "one class, for pictures of one other class",
    "confidence-reduction": "less confidence in its answer",
}
SCOPES = {
    "local": "One perturbation, made for one picture.",
    "universal": "One perturbation for all pictures, fitted to some of them.",
}
DISTANCES = {
    "l0": ("L0", "Small means: few pixels change."),
    "l1": ("L1", "Small means: the sum of all changes is small."),
    "l2": ("L2", "Small means: the Euclidean length of the change is small."),
    "linf": ("Linf", "Small means: no value of a pixel moves far."),
    "tv": ("TV", "Small means: the picture is bent smoothly (total variation)."),
}
CHANNELS = {
    "digital": "The model reads the very pixels that the attack wrote.",
    "physical": "It has to survive a print, a camera or a sticker.",
}
NOISE = {
    "gaussian": "Eps is the standard deviation of a value: some move further.",
    "sphere": "The whole change has length eps.",
}
"""Kinds of noise that are no bound on a value."""
AREAS = {"patch": "Within its area, scale, anything goes; outside nothing changes."}
"""Attacks that are bound to an area instead of a radius, by name."""
WORDS = {
    "knowledge": {
        "scores": "scores only",
        "labels": "labels only",
        "none": "nothing (a baseline)",
    },
    "goal": GOALS,
}
"""By axis, words for the values that do not explain themselves."""
FORMER = {"knowledge": {"score-based": "scores", "decision-based": "labels"}}
"""By axis, values of earlier versions and what they are called now; old links still hold them."""
AXES = ("knowledge", "goal", "scope", "distance", "channel")
"""The five axes, in the order in which they are taught."""
QUESTIONS = {
    "knowledge": "What does the attacker know of the model?",
    "goal": "What should the model say?",
    "scope": "Is the change made for one picture, or for all?",
    "distance": "By which measure is the change small?",
    "channel": "How does the picture reach the model?",
}
"""Each axis as a question."""
ANY = "any"
"""In a filter, the value that every attack matches."""


def values(attack: type[Attack] | Attack, axis: str) -> tuple[str, ...]:
    """All values that an attack has on an axis: several goals, one of everything else.

    A class is taken with its default hyper-parameters. Raises ``ValueError`` for an unknown axis.
    """
    if axis not in AXES:
        raise ValueError(f"axis must be one of {', '.join(AXES)}; got {axis!r}")
    if axis == "goal":
        return attack.goals
    if axis == "distance":
        norm = attack.norm
        return (DISTANCES.get(norm, (norm,))[0],)
    return (getattr(attack, axis),)


def existing(names: Iterable[str], axis: str) -> list[str]:
    """The values that registered attacks have on an axis, each once, as the attacks are taught."""
    return list(dict.fromkeys(v for name in names for v in values(attacks.get(name), axis)))


def matches(attack: type[Attack] | Attack, wanted: Mapping[str, str]) -> bool:
    """Whether an attack has the ``wanted`` value, or ``ANY``, on every axis."""
    return all(value == ANY or value in values(attack, axis) for axis, value in wanted.items())


def explanation(axis: str, value: str) -> str:
    """What a value of ``values`` means, in a sentence."""
    if axis == "distance":
        return next((words for title, words in DISTANCES.values() if title == value), "")
    words = {"knowledge": KNOWLEDGE, "goal": GOALS, "scope": SCOPES, "channel": CHANNELS}
    return words[axis].get(value, "")


def threat_model(
    attack: type[Attack] | Attack, goal: str | None = None
) -> dict[str, tuple[str, str]]:
    """``{axis: (value, explanation)}`` of an attack, in the order of ``AXES``.

    ``goal`` is the one that is pursued; without it all goals are listed, separated by commas.
    """
    norm = attack.norm
    size = DISTANCES.get(norm, ("", f"Measured in {norm}."))[1]
    goals = attack.goals if goal is None else (goal,)
    wanted = "Wanted of the model: " + "; ".join(GOALS.get(g, g) for g in goals) + "."
    if attack.knowledge == "none":
        wanted += " It does not aim: it needs several draws to choose from."
    explanations = {
        "knowledge": KNOWLEDGE.get(attack.knowledge, ""),
        "goal": wanted,
        "scope": SCOPES.get(attack.scope, ""),
        "distance": f"{size} {_bound(attack)}",
        "channel": CHANNELS.get(attack.channel, ""),
    }
    held = {axis: goals if axis == "goal" else values(attack, axis) for axis in AXES}
    return {axis: (", ".join(held[axis]), explanations[axis]) for axis in AXES}


def _bound(attack: type[Attack] | Attack) -> str:
    if attack.name in AREAS:
        return AREAS[attack.name]
    if not attack.has_eps:
        return "It looks for the smallest change."
    return NOISE.get(getattr(attack, "kind", ""), "It stays within eps.")
