"""What people call a model of the zoo, as the pages name the defences."""

from robust_core import defenses, zoo
from robust_core.defenses.trained import TrainedDefense

OTHERS = {"gaussian": "Training under noise"}
"""Networks that a defence uses without being one alone: those of randomised smoothing."""


def title(name: str) -> str:
    """``ResNet-32 — CIFAR-10``, ``PGD adversarial training — CIFAR-10``, ``VGG-16 — ImageNet``.

    What tells two of them apart comes first: the menu cuts off long ends.

    Raises ``ValueError`` for an unknown model.
    """
    if name in zoo.IMAGENET:
        return f"{zoo.IMAGENET[name].title} — ImageNet"
    spec = zoo.spec(name)
    own = _training(name.removeprefix(f"{spec.base}-")) if spec.base else spec.title or spec.name
    return f"{own} — {spec.record.title}"


def title_and_size(name: str) -> str:
    """The title and, for a model that is not on this computer yet, how large its download is."""
    if zoo.is_local(name):
        return title(name)
    return f"{title(name)}, {zoo.download_size(name) / 1e6:.0f} MB download"


def _training(suffix: str) -> str:
    """The title of the defence that trained a network, with the hyper-parameters that several differ by."""
    for name in defenses.names():
        kind = defenses.get(name)
        if issubclass(kind, TrainedDefense):
            values = {kind(**one).suffix: one for one in kind.measured}
            if suffix in values:
                chosen = values[suffix] if len(values) > 1 else {}
                return ", ".join([kind.title, *(f"{key} {v:g}" for key, v in chosen.items())])
    return OTHERS.get(suffix, suffix)
