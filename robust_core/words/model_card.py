"""The card of a model: what it sees and knows, where its weights come from, how its training went."""

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.words.models import facts
from robust_core.words.numbers import duration, share

WATCHED = 1000
"""The first test pictures, on which a learning curve's accuracy is measured after each epoch."""
FEW_CLASSES = 20
"""Classes that are named one by one."""
Curve = list[dict[str, float]]
"""For each epoch its mean ``loss``, its last learning ``rate`` and its ``accuracy``, where measured."""


def about(model: zoo.Description) -> list[str]:
    """Sentences in Markdown about a model. Nothing is loaded."""
    told = [f"`{model.called}`: {facts(model.name)}."]
    if len(model.class_names) <= FEW_CLASSES:
        told.append(f"It knows {', '.join(model.class_names[:-1])} and {model.class_names[-1]}.")
    if guest := zoo.guest(model.name):
        return told + _guest(guest.model)
    return told + (_torchvision(model.name) if model.name in zoo.IMAGENET else _own(model.name))


def _guest(model: Classifier) -> list[str]:
    """What is known of a model of the user's own."""
    mean, std = (", ".join(f"{v:g}" for v in x.flatten().tolist()) for x in (model.mean, model.std))
    return [
        f"Your own model: {model.provenance.source}. Pixels in [0, 1] become (x - mean) / deviation, mean "
        f"{mean}, deviation {std}.",
        *model.provenance.details.get("notes", ()),
    ]


def curve_of(name: str) -> Curve:
    """The learning curve of a bundled network, or of a second run of its recipe; empty for one without."""
    if name in zoo.IMAGENET:
        return []
    entry = _entry(name)
    return entry.get("curve") or entry.get("second_run", {}).get("curve", [])


def second_run(name: str) -> str:
    """Where the curve of a network is from, if it is not that of the network itself; else nothing."""
    entry = {} if name in zoo.IMAGENET else _entry(name)
    second = entry.get("second_run")
    if entry.get("curve") or not second:
        return ""
    return (
        f"The learning curve is that of a second run of the same recipe, from seed {second['seed']} "
        f"(`{second['command']}`): the first one kept none. It ended with {second['correct']:,} of "
        f"{second['n_test']:,} test pictures right ({share(second['accuracy'])}). The weights are the "
        "first run's."
    )


def curve_in_words(curve: Curve) -> str:
    """What the chart of a learning curve shows."""
    told = [f"Learning curve over {len(curve)} epochs", _path("loss", curve, ".3g")]
    measured = [point for point in curve if "accuracy" in point]
    if measured:
        first, last = measured[0]["accuracy"], measured[-1]["accuracy"]
        told.append(f"accuracy from {share(first)} to {share(last)}")
    return ": ".join([told[0], "; ".join([*told[1:], _path("rate", curve, ".2g")])]) + "."


def _path(what: str, curve: Curve, form: str) -> str:
    """From the first to the last value, and over the highest where that is neither."""
    values = [point[what] for point in curve]
    over = f", at most {max(values):{form}}" if max(values) not in (values[0], values[-1]) else ""
    return f"{what} from {values[0]:{form}} to {values[-1]:{form}}{over}"


def _own(name: str) -> list[str]:
    """Where a bundled network comes from; nothing where the index lacks it."""
    entry = _entry(name)
    told = []
    if {"parameters", "epochs", "seconds"} <= set(entry):
        told.append(
            f"{entry['parameters']:,} parameters, trained on {entry['data']} for {entry['epochs']} epochs "
            f"in {_time(entry['seconds'])}: `{entry['command']}`."
        )
    if {"correct", "n_test"} <= set(entry):
        squeezed = entry.get("accuracy_squeezed")
        also = (
            ""
            if squeezed is None
            else f"; squeezed to a square instead of cropped, {share(squeezed)}"
        )
        told.append(f"Right on {entry['correct']:,} of {entry['n_test']:,} test pictures{also}.")
    if {"accuracy_held_out", "n_held_out"} <= set(entry):
        told.append(
            f"The epoch was chosen by {entry['n_held_out']:,} training pictures that were held out: "
            f"right on {share(entry['accuracy_held_out'])} of them."
        )
    return told


def _entry(name: str) -> dict:
    try:
        return zoo.index().get(name, {})
    except zoo.ZooError:  # loading the model reports it
        return {}


def _torchvision(name: str) -> list[str]:
    weights = zoo.imagenet_weights(name)
    told = [f"{weights.meta['num_params']:,} parameters, torchvision's {weights}."]
    if zoo.IMAGENET[name].kept:
        return [*told, "Of its 1,000 logits a selection layer keeps ten."]
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100
    return [
        *told,
        f"Right on {share(accuracy)} of ImageNet's validation pictures, according to torchvision.",
    ]


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else duration(seconds)
