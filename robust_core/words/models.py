"""What people call a model of the zoo, as the pages name the defences, and its group in a list."""

from dataclasses import dataclass

from robust_core import defenses, zoo
from robust_core.defenses.trained import TrainedDefense

OTHERS = {"gaussian": "Training under noise", "ibp": "Training with interval bounds"}
"""Networks that no defence of the pages is: those of randomised smoothing, and those for verification."""
PHOTOGRAPHS = "photographs"
SMALL = 64
"""A model that sees more pixels a side than this sees photographs, not thumbnails of them."""


@dataclass(frozen=True)
class Group:
    """Models of a list that see the same pictures: which these are, and what is said of all of them."""

    subject: str
    about: str
    names: tuple[str, ...]

    @property
    def heading(self) -> str:
        """``Photographs: 128 px, 10 classes, bundled``."""
        return f"{self.subject[:1].upper()}{self.subject[1:]}: {self.about}"


def title(name: str) -> str:
    """``ResNet-32 — CIFAR-10``, ``PGD adversarial training — photographs``, ``VGG-16 — ImageNet``.

    What tells two of them apart comes first: the menu cuts off long ends.

    Raises ``ValueError`` for an unknown model.
    """
    if guest := zoo.guest(name):
        return guest.title
    if name in zoo.IMAGENET:
        return f"{zoo.IMAGENET[name].title} — ImageNet"
    spec = zoo.spec(name)
    own = _training(name.removeprefix(f"{spec.base}-")) if spec.base else spec.title or spec.name
    if spec.base and spec.base not in zoo.UNDEFENDED:  # another network sees the same pictures
        own += f", {zoo.spec(spec.base).title}"
    return f"{own} — {PHOTOGRAPHS if sees_photographs(name) else spec.record.subject}"


def sees_photographs(name: str) -> bool:
    """Whether a model sees enough pixels for a photograph. Raises ``ValueError`` for an unknown model."""
    return max(zoo.outline(name).size) > SMALL


def title_and_needs(name: str) -> str:
    """The title with how many pixels a side it sees or, while it is not here, the size of its download."""
    about = zoo.outline(name)
    here = zoo.is_local(name)
    return f"{title(name)}, {f'{about.size[1]} px' if here else _download(about)}"


def facts(name: str) -> str:
    """What a model sees, tells apart and needs: "128 x 128 RGB, 10 classes, bundled"."""
    about = zoo.outline(name)
    needs = "downloaded" if zoo.is_local(name) else _download(about)
    where = "your own" if zoo.guest(name) else "bundled"
    return f"{about.shape}, {about.classes:,} classes, {needs if about.download else where}"


def groups() -> list[Group]:
    """All models: of photographs, the bundled ones first, then those of smaller pictures."""
    found: dict[tuple[bool, int, str], list[str]] = {}
    for name in zoo.names():
        about = zoo.outline(name)
        downloaded = about.download > 0
        of = "" if downloaded else zoo.spec(name).record.name
        found.setdefault((downloaded, max(about.size), of), []).append(name)
    order = sorted(found, key=lambda key: (key[1] <= SMALL, key[0], -key[1]))
    return [_group(found[key]) for key in order]


def _group(names: list[str]) -> Group:
    """A group, of which the first model is typical."""
    first = zoo.outline(names[0])
    subject = PHOTOGRAPHS if sees_photographs(names[0]) else zoo.spec(names[0]).record.subject
    about = f"{first.size[1]} px, {first.classes:,} classes" + (", bundled" * (not first.download))
    return Group(subject, about, tuple(names))


def _download(about: zoo.Outline) -> str:
    return f"{about.download / 1e6:.0f} MB download"


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
