"""The threat model of an attack on five axes, each value explained in a sentence.

The attacker's knowledge, goal, scope, distance and channel. The values are class attributes of the
attack; the words are here, so that every page says the same.
"""

from robust_core.attacks import Attack

KNOWLEDGE = {
    "white-box": "It reads the weights and follows the gradient of the loss.",
    "transfer": "Black-box: it attacks a substitute network and carries the result over.",
    "score-based": "Black-box: it queries the model and sees the probabilities, no gradients.",
    "decision-based": "Black-box: it queries the model and sees only the label.",
    "none": "It knows nothing of the model; of several draws, the scores choose. A baseline.",
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
    "universal": "One perturbation for all pictures.",
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
WORDS = {"knowledge": {"none": "nothing (a baseline)"}, "goal": GOALS}
"""By axis, words for the values that do not explain themselves."""
AXES = ("knowledge", "goal", "scope", "distance", "channel")
"""The five axes, in the order in which they are taught."""


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


def threat_model(attack: type[Attack] | Attack) -> dict[str, tuple[str, str]]:
    """``{axis: (value, explanation)}`` of an attack, in the order of ``AXES``.

    Several goals are separated by commas; ``values`` gives them one by one.
    """
    norm = attack.norm
    size = DISTANCES.get(norm, ("", f"Measured in {norm}."))[1]
    bound = "It stays within eps." if attack.has_eps else "It looks for the smallest change."
    explanations = {
        "knowledge": KNOWLEDGE.get(attack.knowledge, ""),
        "goal": "Wanted of the model: " + "; ".join(GOALS.get(g, g) for g in attack.goals) + ".",
        "scope": SCOPES.get(attack.scope, ""),
        "distance": f"{size} {bound}",
        "channel": CHANNELS.get(attack.channel, ""),
    }
    return {axis: (", ".join(values(attack, axis)), explanations[axis]) for axis in AXES}
