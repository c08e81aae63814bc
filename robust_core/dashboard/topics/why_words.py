"""Sentences about the inside of an attacked network: what was found, what to see, how it was measured."""

import math

from robust_core.dashboard.request import Request
from robust_core.experiment.inside import DRAWS, WINDOW, Crossing, Curve, Depth, Looks
from robust_core.experiment.perform import Experiment
from robust_core.papers import LIAO, PEARSON, SELVARAJU
from robust_core.words import citations
from robust_core.words.numbers import in_255ths, number, share
from robust_core.words.verdict import quoted, said
from robust_core.zoo import Description

WITHOUT_MAPS = (
    "Grad-CAM weighs feature maps; a perceptron takes all values of a picture as one row. Choose a "
    "convolutional network or a transformer."
)
SEE_LOOKS = (
    "**See** where the yellow is: that part speaks most for the class below the picture, grey does not. "
    "An attack often leaves the gaze where it was, and changes what is seen there "
    f"({citations.markdown(SELVARAJU)}, equations 1 and 2)."
)
STEEP = 2.0
"""From how many times noise's change on the attack's is called amplified."""
VISIBLE = 8 / 255
"""Largest change of a value that people hardly see."""
NORMS = {"linf": "Linf", "l2": "L2", "l1": "L1", "l0": "L0"}


def amplified(found: Depth) -> str:
    """How far the last layer moved, by the attack and by noise."""
    attack, noise = found.adversarial.values[-1], found.noise.values[-1]
    return (
        f"A change of {share(found.adversarial.values[0])} of the picture moves the last layer by "
        f"{share(attack)}; random noise of the same size moves it by {share(noise)}"
    )


def see_layers(found: Depth, model: Description) -> str:
    """What to look at, and why people do not see what the network sees."""
    height, width = model.input_size
    values = model.channels * height * width
    return (
        f"{_parting(found)} A person looks at width, height and colour, **3 dimensions**, and "
        f"{_noticed(found.adversarial.linf)}; this network looks at {model.channels} × {height} × {width} "
        f"= **{values:,} dimensions** at once (deck 003, appendix: 2,352).{_read(found)}"
    )


def _noticed(size: float) -> str:
    """Whether a person sees a change of that size."""
    hardly = size <= VISIBLE
    return f"hardly notices {in_255ths(size)}" if hardly else f"notices {in_255ths(size)}, too"


def _parting(found: Depth) -> str:
    source = f"({citations.markdown(LIAO)})"
    if found.adversarial.values[-1] > STEEP * found.noise.values[-1]:
        return (
            "**See** the two lines part: layers pass on what the attack aligned with them, and average "
            f"out what is random {source}."
        )
    return (
        "**See** the two lines stay together: this network passes on the attack's change hardly more than "
        f"noise. Where an attack succeeds, they usually part {source}."
    )


def _read(found: Depth) -> str:
    """What a detector at its point is given."""
    told = [
        f"at {point} it is given a change of {share(found.adversarial.values[place])}, by noise "
        f"{share(found.noise.values[place])}"
        for point, place in found.detectors.items()
    ]
    return f" The purple line is where the detector reads: {'; '.join(told)}." if told else ""


def layers_in_words(found: Depth) -> str:
    """The chart for those who cannot see it."""
    ways = (("attack", found.adversarial), ("noise", found.noise), ("filter", found.filtered))
    told = "; ".join(
        f"{name} from {share(curve.values[0])} to {share(curve.values[-1])}" for name, curve in ways
    )
    return f"Relative change over {len(found.layers)} layers: {told}."


def layers_measured(found: Depth, request: Request, experiment: Experiment) -> str:
    """The conditions, with the size of each change and what the network says then."""
    same = sum(each.index == experiment.before[0].index for each in found.noise.said)
    return (
        f"|a(x′) − a(x)| / |a(x)| in L2 at each layer of {conditions(request, experiment)}. Attack: "
        f"{_size(found.adversarial)}, {said(*found.adversarial.said)}. Noise: the attack's changes, "
        f"shuffled among the values and with random signs, {_size(found.noise)}, mean of {DRAWS} draws, "
        f"seed 0; the answer stays in {same} of {DRAWS}. Filtered: the clean picture's {WINDOW} × {WINDOW} "
        f"median, {_size(found.filtered)}, {said(*found.filtered.said)}."
    )


def _size(curve: Curve) -> str:
    return f"L2 {number(curve.l2)}, Linf {in_255ths(curve.linf)}"


def conditions(request: Request, experiment: Experiment) -> str:
    """Model, attack, norm and eps."""
    eps = "no eps" if experiment.eps is None else f"eps {experiment.eps:.3g}"
    norm = NORMS.get(request.attack.norm, request.attack.norm)
    return f"{request.model.called}, {type(request.attack).title}, {norm}, {eps}"


def where(found: Looks) -> str:
    """How alike the maps of both answers are."""
    first, last = found.of(0, 0), found.of(1, len(found.classes) - 1)
    scale = first.norm().item() * last.norm().item()
    if not scale:
        return "Nothing in the picture speaks for one of the two answers"
    alike = share((first * last).sum().item() / scale, 0)
    label, other = (quoted(each.label) for each in (found.classes[0], found.classes[-1]))
    after = f"{label}, as before" if len(found.classes) == 1 else other
    return f"Before, it sees {label}; after, {after}: the places where it looks are {alike} alike"


def looks_measured(found: Looks, request: Request, experiment: Experiment) -> str:
    """The conditions: which layer was looked at."""
    maps = found.maps
    height, width = maps.values.shape[1:]
    kind = "values for each patch" if maps.tokens else "feature maps"
    return (
        f"Grad-CAM, ReLU(Σₖ αₖ Aᵏ), at {maps.layer}: {maps.features} {kind} of {height} × {width}, "
        "stretched to the picture, each map scaled by its own largest value. Alike: the cosine of the maps "
        f"of the two answers. {conditions(request, experiment)}."
    )


def crossed(found: Crossing) -> str:
    """At which step the answer changes."""
    start, end = (quoted(each.label) for each in (found.said[0], found.said[-1]))
    place = found.crossed
    if place is None:
        return f"The picture stays with {start}: the answer never changes on the way"
    back = "" if found.said[-1].index != found.said[0].index else ", and back in the end"
    there = quoted(found.said[place].label) if back else end
    return f"From {start} to {there}: the answer changes at {found.steps[place]}{back}"


def see_features(found: Crossing, experiment: Experiment) -> str:
    """What to look at."""
    kind = (
        "the attack's own steps"
        if found.recorded
        else "a straight line, as the attack has one step"
    )
    ends = (
        "stay on the side of the blue dots"
        if found.crossed is None
        else "leave the blue dots and go to the vermilion ones"
    )
    return (
        f"**See** the line {ends}, while no value of the picture moves by more than "
        f"{in_255ths(experiment.judged.linf)}. It follows {kind}. The map is the plane of closest fit "
        f"({citations.markdown(PEARSON)}), which shows "
        f"{share(sum(found.explained), 0)} of the variance of the features, and "
        f"{share(found.seen, 0)} of the length of the way."
    )


def features_in_words(found: Crossing) -> str:
    """The chart for those who cannot see it."""
    return (
        f"{len(found.places)} pictures by their last features, and the way of the attacked one. "
        f"{crossed(found)}."
    )


def features_measured(found: Crossing, request: Request, experiment: Experiment) -> str:
    """The conditions: what the map was fitted on."""
    return (
        f"What the last layer is given, {found.size} values, of {found.source}; colours are the network's "
        f"answers. Two principal components, by scikit-learn, fitted on {_on(found)}. "
        f"{conditions(request, experiment)}."
    )


def _on(found: Crossing) -> str:
    if found.fitted == len(found.places):
        return "all of them"
    return f"the {found.fitted} that it calls {found.said[0].label} or {found.said[-1].label}"


def shown(value: float) -> float | None:
    """A relative change on a logarithmic axis: nothing for 0 and for what is not defined."""
    return value if math.isfinite(value) and value > 0 else None
